/** uWSGI in its three ways to speak HTTP; README.md explains them. */
import { join } from 'node:path';
import { VENV } from '../places.mjs';
import { childrenOf } from '../process-tree.mjs';

/** @typedef {import('./contender.mjs').Contender} Contender */
/** @typedef {import('./contender.mjs').Launch} Launch */

/**
 * @param {(launch: Launch) => string[]} socketArgs
 * @returns {Contender['command']}
 */
function command(socketArgs) {
  return (launch) => ({
    file: join(VENV, 'bin', 'uwsgi'),
    args: [
      '--strict',
      '--master',
      '--die-on-term',
      '--need-app',
      '--single-interpreter',
      '--thunder-lock',
      '--disable-logging',
      `--virtualenv=${VENV}`,
      `--processes=${launch.workers}`,
      `--module=${launch.app}:application`,
      ...(launch.maxRequests === undefined ? [] : [`--max-requests=${launch.maxRequests}`]),
      ...socketArgs(launch),
      ...(launch.args ?? []),
    ],
  });
}

// uWSGI does not announce that it closes these connections, so clients send their next request on a closing one and have to repeat it.
// Its users add this header against that.
const SAY_CLOSE = '--add-header=Connection: close';

/** The workers answer clients themselves; there is no keep-alive. @type {Contender} */
export const uwsgiHttpSocket = {
  name: 'uwsgi-http-socket',
  title: 'uWSGI http-socket',
  command: command(({ port }) => [`--http-socket=127.0.0.1:${port}`, SAY_CLOSE]),
  workers: childrenOf,
  idleCall: 'epoll',
};

/** uWSGI's own process in front of the workers; keep-alive as in its manual. @type {Contender} */
export const uwsgiHttpRouter = {
  name: 'uwsgi-http-router',
  title: 'uWSGI http router',
  command: command(({ port, keepAlive = true }) => [
    `--http=127.0.0.1:${port}`,
    ...(keepAlive ? ['--http-keepalive=1', '--add-header=Connection: Keep-Alive'] : [SAY_CLOSE]),
  ]),
  workers: childrenOf,
  idleCall: 'epoll',
};

/**
 * The workers answer clients themselves, with keep-alive. A thread serves one connection until it is closed, and connections beyond the
 * number of threads wait, so there are more threads than connections.
 * @type {Contender}
 */
export const uwsgiHttp11Socket = {
  name: 'uwsgi-http11-socket',
  title: 'uWSGI http11-socket, 32 threads',
  command: command(({ port }) => [`--http11-socket=127.0.0.1:${port}`, '--threads=32']),
  workers: childrenOf,
  idleCall: 'epoll',
};
