// The command that starts a forkserver: a few lines of Tunicorn's own Python, or a program that embeds Tunicorn. It stays the same
// for all generations.

import { LINK_VARIABLE } from '../../messages/environment-variables.ts';
import { PYTHON_DIR } from '../../python-dir.ts';

export interface ForkserverCommand {
  readonly file: string;
  readonly args: readonly string[];
  /** Where the command was started: each reload looks for the configuration file there. */
  readonly cwd: string;
  readonly env: NodeJS.ProcessEnv;
  /** The soft limit of open files that the forkserver restores; null if unknown. */
  readonly openFiles: number | null;
}

/** Room for the process title (python/tunicorn/worker/process_title.py writes over the arguments). */
const TITLE_ROOM = '-'.repeat(128);

// Applications look for the server's name in sys.argv[0], some of them at its end: it has both names, with Gunicorn's last.
// The first entry of sys.path is the current directory; the configuration decides whether it stays.
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

/** `argv`: the command line as typed, without the program; applications see it in sys.argv. `flags` are the interpreter's. */
export function ownForkserver(
  python: string,
  flags: readonly string[],
  argv: readonly string[],
  cwd: string,
  openFiles: number | null,
): ForkserverCommand {
  const args = [...flags, '-c', START, PYTHON_DIR, TITLE_ROOM, ...argv];
  return { file: python, args, cwd, env: process.env, openFiles };
}

/** Runs the program again; it becomes a forkserver at the point where it would start to serve (python/tunicorn/embedding/serve.py). */
export function programForkserver(
  { command, cwd }: { readonly command: readonly string[]; readonly cwd: string },
  env: NodeJS.ProcessEnv,
  version: string,
  openFiles: number | null,
): ForkserverCommand {
  const [file = '', ...args] = command;
  // Python accepts unknown -X options and keeps them in sys._xoptions.
  return {
    file,
    args: ['-X', `tunicorn=${TITLE_ROOM}`, ...args],
    cwd,
    env: { ...env, [LINK_VARIABLE]: version },
    openFiles,
  };
}
