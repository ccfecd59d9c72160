// Starts this program once more: for an upgrade (upgrade.ts) and to leave the terminal (../cli/daemon.ts).

import { type ChildProcess, type StdioOptions, spawn } from 'node:child_process';
import { OPEN_FILES_VARIABLE } from '../../messages/environment-variables.ts';

/** How this process was started, before anything changed it. */
export interface OwnStart {
  /** With $PWD's symbolic links, so that a link that now leads to a new release is followed again. */
  readonly cwd: string;
  /** Without what was meant for this process only. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** The soft limit of open files, which Node has raised since; null: not known. */
  readonly openFiles: number | null;
  /** The arbiter that has started this one to take its place. */
  readonly parent: number | null;
}

export interface StartSelfOptions {
  readonly start: OwnStart;
  readonly environment: Readonly<Record<string, string>>;
  readonly stdio: StdioOptions;
  readonly detached: boolean;
  /** Says in LISTEN_PID and LISTEN_FDS that so many sockets are there, from descriptor 3 on; 0 for none. */
  readonly listenFds: number;
}

export function startSelf(options: StartSelfOptions): ChildProcess {
  const { start, stdio, detached, listenFds } = options;
  const again = [process.execPath, ...process.execArgv, ...process.argv.slice(1)];
  // Only the new process knows its id, and a shell that becomes it can say so.
  const announced = ['/bin/sh', '-c', 'LISTEN_PID=$$ exec "$0" "$@"', ...again];
  const [program = process.execPath, ...args] = listenFds > 0 ? announced : again;
  const { openFiles } = start;
  const limit = openFiles === null ? {} : { [OPEN_FILES_VARIABLE]: String(openFiles) };
  return spawn(program, args, {
    cwd: start.cwd,
    env: {
      ...start.environment,
      ...limit,
      ...options.environment,
      ...(listenFds > 0 ? { LISTEN_FDS: String(listenFds) } : {}),
    },
    stdio,
    detached,
  });
}
