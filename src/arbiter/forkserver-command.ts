// How a forkserver is started: by Tunicorn's own few lines of Python, or by running a program that embeds Tunicorn. Made once
// by the command; every generation is started by it.

import { PYTHON_DIR } from '../python-dir.ts';

export interface ForkserverCommand {
  readonly file: string;
  readonly args: readonly string[];
  /** Where the command was started: configuration files are looked for there at each reload. */
  readonly cwd: string;
  readonly env: NodeJS.ProcessEnv;
  /** The soft limit of open files that it puts back; null: not known. */
  readonly openFiles: number | null;
}

/** Room for the process title (python/tunicorn/process_title.py writes over the arguments). */
const TITLE_ROOM = '-'.repeat(128);

// The first entry of sys.path is the current directory, which is for the configuration file to have or not.
const START = `
import sys
sys.path[:1] = [sys.argv[1]]
from tunicorn import own_packages
own_packages.install()
sys.path.append(sys.path.pop(0))
sys.argv[:] = ['tunicorn']
from tunicorn.forkserver import main
main()
`;

export function ownForkserver(python: string, cwd: string, openFiles: number | null): ForkserverCommand {
  return { file: python, args: ['-c', START, PYTHON_DIR, TITLE_ROOM], cwd, env: process.env, openFiles };
}

/** Runs the program again, which becomes a forkserver where it would start to serve (python/tunicorn/embedding.py). */
export function programForkserver(
  command: readonly string[],
  cwd: string,
  env: NodeJS.ProcessEnv,
  version: string,
  openFiles: number | null,
): ForkserverCommand {
  const [file = '', ...args] = command;
  // Python keeps what it does not know after -X in sys._xoptions, and does not mind.
  return {
    file,
    args: ['-X', `tunicorn=${TITLE_ROOM}`, ...args],
    cwd,
    env: { ...env, [LINK_VARIABLE]: version },
    openFiles,
  };
}

const LINK_VARIABLE = 'TUNICORN_LINK';
