// How a forkserver is started: by Tunicorn's own few lines of Python, or by running a program that embeds Tunicorn. Made once
// by the command; every generation is started by it.

import { LINK_VARIABLE } from '../../messages/environment-variables.ts';
import { PYTHON_DIR } from '../../python-dir.ts';

export interface ForkserverCommand {
  readonly file: string;
  readonly args: readonly string[];
  /** Where the command was started: configuration files are looked for there at each reload. */
  readonly cwd: string;
  readonly env: NodeJS.ProcessEnv;
  /** The soft limit of open files that it puts back; null: not known. */
  readonly openFiles: number | null;
}

/** Room for the process title (python/tunicorn/worker/process_title.py writes over the arguments). */
const TITLE_ROOM = '-'.repeat(128);

// Applications look in sys.argv[0] for the server's name, some for the end of the path: both names are in it, and Gunicorn's is last.
// The first entry of sys.path is the current directory, which is for the configuration file to have or not.
const START = `
import sys
sys.path[:1] = [sys.argv[1]]
from tunicorn.embedding import own_packages
own_packages.install()
sys.path.append(sys.path.pop(0))
sys.argv[:] = [sys.argv[1] + '/tunicorn/../gunicorn', *sys.argv[3:]]
from tunicorn.forkserver.forkserver import main
main()
`;

/** `argv` is the command line as it was typed, without the program: the application reads it in sys.argv. */
export function ownForkserver(
  python: string,
  argv: readonly string[],
  cwd: string,
  openFiles: number | null,
): ForkserverCommand {
  const args = ['-c', START, PYTHON_DIR, TITLE_ROOM, ...argv];
  return { file: python, args, cwd, env: process.env, openFiles };
}

/** Runs the program again, which becomes a forkserver where it would start to serve (python/tunicorn/embedding/serve.py). */
export function programForkserver(
  { command, cwd }: { readonly command: readonly string[]; readonly cwd: string },
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
