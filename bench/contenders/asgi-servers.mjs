/** ASGI servers, and Granian for WSGI: each with uvloop, as is usual, and without an access log. */
import { join } from 'node:path';
import { VENV } from '../places.mjs';
import { childrenOf } from '../process-tree.mjs';

/** @typedef {import('./contender.mjs').Contender} Contender */
/** @typedef {import('./contender.mjs').Launch} Launch */

/**
 * @param {string} program
 * @param {(launch: Launch) => string[]} args
 * @returns {Contender['command']}
 */
function command(program, args) {
  return (launch) => ({
    file: join(VENV, 'bin', program),
    args: [...args(launch), ...(launch.args ?? []), `${launch.app}:application`],
  });
}

/** @type {Contender} */
export const uvicorn = {
  name: 'uvicorn',
  title: 'uvicorn, uvloop and httptools',
  command: command('uvicorn', ({ port, workers }) => [
    ...['--host=127.0.0.1', `--port=${port}`, `--workers=${workers}`],
    ...['--loop=uvloop', '--http=httptools', '--ws=websockets', '--no-access-log', '--log-level=warning'],
  ]),
  workers: childrenOf,
  idleCall: 'epoll',
};

/** @type {Contender} */
export const hypercorn = {
  name: 'hypercorn',
  title: 'Hypercorn, uvloop',
  command: command('hypercorn', ({ port, workers }) => [
    ...[`--bind=127.0.0.1:${port}`, `--workers=${workers}`, '--worker-class=uvloop', '--log-level=warning'],
  ]),
  workers: childrenOf,
  idleCall: 'epoll',
};

/**
 * @param {'asgi' | 'wsgi'} kind
 * @returns {Contender}
 */
function granian(kind) {
  return {
    name: `granian-${kind}`,
    title: `Granian ${kind.toUpperCase()}`,
    command: command('granian', ({ port, workers }) => [
      ...[`--interface=${kind}`, '--host=127.0.0.1', `--port=${port}`, `--workers=${workers}`],
      ...['--loop=uvloop', '--no-access-log', '--log-level=warning'],
    ]),
    workers: childrenOf,
    idleCall: 'epoll',
  };
}

export const granianAsgi = granian('asgi');
export const granianWsgi = granian('wsgi');
