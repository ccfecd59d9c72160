// Whether a debugger in a worker could be used: the server was started in a terminal.

import { isatty } from 'node:tty';

export function hasTerminal(): boolean {
  return isatty(0);
}

/** The only worker of a server under development: no deadline ends it while it is stopped in a debugger. */
export function mayBeDebugged(settings: { readonly workers: number; readonly reload: boolean }): boolean {
  return hasTerminal() && settings.reload && settings.workers === 1;
}
