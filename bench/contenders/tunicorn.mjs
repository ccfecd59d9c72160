/** Tunicorn from this working tree. Its workers are the children of the forkserver, a Python child of the arbiter. */
import { TUNICORN, VENV_PYTHON } from '../places.mjs';
import { childrenOf, executableName } from '../process-tree.mjs';

/** @typedef {import('./contender.mjs').Contender} Contender */

/**
 * @param {readonly string[]} workerArgs
 * @returns {Contender['command']}
 */
function command(workerArgs) {
  return ({ app, port, workers, maxRequests = 0, args = [] }) => ({
    // As a user starts it: the command chooses Node's flags.
    file: TUNICORN,
    args: [
      `--python=${VENV_PYTHON}`,
      `--bind=127.0.0.1:${port}`,
      `--workers=${workers}`,
      `--max-requests=${maxRequests}`,
      ...workerArgs,
      ...args,
      app,
    ],
  });
}

/** @type {Contender['workers']} */
const workers = (processes, master) =>
  childrenOf(processes, master)
    .filter((pid) => executableName(pid).startsWith('python'))
    .flatMap((forkserver) => childrenOf(processes, forkserver));

/** @type {Contender} */
export const tunicornSync = {
  name: 'tunicorn',
  title: 'Tunicorn sync',
  command: command([]),
  workers,
  idleCall: 'read from pipe',
};

/** @type {Contender} */
export const tunicornGthread = {
  name: 'tunicorn-gthread',
  title: 'Tunicorn gthread, 4 threads',
  command: command(['--worker-class=gthread', '--threads=4']),
  workers,
  idleCall: 'epoll',
};

/** @type {Contender} */
export const tunicornGevent = {
  name: 'tunicorn-gevent',
  title: 'Tunicorn gevent',
  command: command(['--worker-class=gevent', '--worker-connections=1000']),
  workers,
  idleCall: 'epoll',
};

/** @type {Contender} */
export const tunicornAsgi = {
  name: 'tunicorn-asgi',
  title: 'Tunicorn asgi',
  command: command(['--worker-class=asgi']),
  workers,
  idleCall: 'epoll',
};
