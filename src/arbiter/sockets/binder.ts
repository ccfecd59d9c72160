// Starts the Python process that binds (python/tunicorn/helpers/bind_listeners.py). The first one starts early and waits for its
// addresses, so that a start does not wait for it.

import { type ChildProcess, spawn } from 'node:child_process';
import path from 'node:path';
import { PYTHON_DIR } from '../../python-dir.ts';
import { EarlyChild } from '../process/early-child.ts';

const FOLDER = path.join(PYTHON_DIR, 'tunicorn', 'helpers');
/** Imports it, because Python keeps no compiled form of a script. */
const START = 'import sys; sys.path.append(sys.argv[1]); from bind_listeners import main; sys.exit(main())';

export function startEarlyBinder(python: string): EarlyChild {
  const child = startBinder(python);
  // It could not be started, or has died: another one is started, and its failure is reported.
  child.on('error', () => {});
  return new EarlyChild(child);
}

/** `inherited`: the descriptors that it gets after that of its channel. */
export function startBinder(python: string, inherited: readonly number[] = []): ChildProcess {
  return spawn(python, ['-I', '-S', '-c', START, FOLDER], {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc', ...inherited],
  });
}
