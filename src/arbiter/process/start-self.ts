// Starts this program again with the same command line.

import { type ChildProcess, type StdioOptions, spawn } from 'node:child_process';
import { OPEN_FILES_VARIABLE } from '../../messages/environment-variables.ts';

/** How this process was started, before anything changed it. */
export interface OwnStart {
  /** From $PWD, with its symbolic links: a link that now leads to a new release is followed again. */
  readonly cwd: string;
  /** Without the variables that were meant for this process only. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** The soft limit of open files, which Node has raised since; null if unknown. */
  readonly openFiles: number | null;
  /** Runs the launcher again, which has started this process and may now find another Node.js; null without one. */
  readonly launcher: readonly string[] | null;
  /** The arbiter that started this one as its successor. */
  readonly parent: number | null;
  /** The descriptor whose end of file means that the address of admin_bind is this arbiter's; null: it is at once. */
  readonly adminHandover: number | null;
}

export interface StartSelfOptions {
  readonly start: OwnStart;
  readonly environment: Readonly<Record<string, string>>;
  readonly stdio: StdioOptions;
  readonly detached: boolean;
  /** The number of sockets, from descriptor 3 on, to announce in LISTEN_PID and LISTEN_FDS; 0 for none. */
  readonly listenFds: number;
}

export function startSelf(options: StartSelfOptions): ChildProcess {
  const { start, stdio, detached, listenFds } = options;
  const [script = '', ...words] = process.argv.slice(1);
  const again = [...(start.launcher ?? [process.execPath, ...process.execArgv, script]), ...words];
  // LISTEN_PID is the id of the new process: a shell sets it, then becomes that process.
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
