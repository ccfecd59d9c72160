/** Gunicorn with its worker classes. Without --access-logfile it writes no access log. */
import { join } from 'node:path';
import { VENV } from '../places.mjs';
import { childrenOf } from '../process-tree.mjs';

/** @typedef {import('./contender.mjs').Contender} Contender */

/**
 * @param {readonly string[]} workerArgs
 * @returns {Contender['command']}
 */
function command(workerArgs) {
  return ({ app, port, workers, maxRequests = 0, args = [] }) => ({
    file: join(VENV, 'bin', 'gunicorn'),
    args: [
      `--bind=127.0.0.1:${port}`,
      `--workers=${workers}`,
      `--max-requests=${maxRequests}`,
      ...workerArgs,
      ...args,
      app,
    ],
  });
}

/** @type {Contender} */
export const gunicornSync = {
  name: 'gunicorn-sync',
  title: 'Gunicorn sync',
  command: command(['--worker-class=sync']),
  workers: childrenOf,
  idleCall: 'select',
};

/** @type {Contender} */
export const gunicornGthread = {
  name: 'gunicorn-gthread',
  title: 'Gunicorn gthread, 4 threads',
  command: command(['--worker-class=gthread', '--threads=4']),
  workers: childrenOf,
  idleCall: 'epoll',
};

/** @type {Contender} */
export const gunicornGevent = {
  name: 'gunicorn-gevent',
  title: 'Gunicorn gevent',
  command: command(['--worker-class=gevent', '--worker-connections=1000']),
  workers: childrenOf,
  idleCall: 'epoll',
};

/** @type {Contender} */
export const gunicornAsgi = {
  name: 'gunicorn-asgi',
  title: 'Gunicorn asgi',
  command: command(['--worker-class=asgi']),
  workers: childrenOf,
  idleCall: 'epoll',
};
