/** Tunicorn from this working tree. Its workers are the children of the forkserver, a Python child of the arbiter. */
import { TUNICORN, VENV_PYTHON } from '../places.mjs';
import { childrenOf, executableName } from '../process-tree.mjs';

/** @type {import('./contender.mjs').Contender} */
export const tunicornSync = {
  name: 'tunicorn',
  title: 'Tunicorn sync',
  command: ({ app, port, workers, maxRequests = 0, args = [] }) => ({
    file: process.execPath,
    args: [
      TUNICORN,
      `--python=${VENV_PYTHON}`,
      `--bind=127.0.0.1:${port}`,
      `--workers=${workers}`,
      `--max-requests=${maxRequests}`,
      ...args,
      app,
    ],
  }),
  workers: (processes, master) =>
    childrenOf(processes, master)
      .filter((pid) => executableName(pid).startsWith('python'))
      .flatMap((forkserver) => childrenOf(processes, forkserver)),
  idleCall: 'read from pipe',
};
