// Starts the process of a forkserver.

import { type ChildProcess, spawn } from 'node:child_process';
import { OPEN_FILES_VARIABLE } from '../../messages/environment-variables.ts';
import { hasTerminal } from '../deadlines/debugging.ts';
import type { ForkserverCommand } from './forkserver-command.ts';

/** The descriptor of the link is among its `stdio`, at LINK_DESCRIPTOR. */
export function startForkserver(command: ForkserverCommand): ChildProcess {
  const { file, args, cwd, openFiles } = command;
  const env = openFiles === null ? command.env : { ...command.env, [OPEN_FILES_VARIABLE]: String(openFiles) };
  const child = spawn(file, args, {
    cwd,
    env,
    // A debugger in the only worker reads from the terminal; any other standard input is not for the server.
    stdio: [hasTerminal() ? 'inherit' : 'ignore', 'inherit', 'inherit', 'pipe'],
  });
  // It could not be started or signalled. In the first case `close` follows and reports the end.
  child.on('error', () => {});
  return child;
}
