// Whether a debugger can be talked to: the server was started in a terminal.

import { isatty } from 'node:tty';

export function hasTerminal(): boolean {
  return isatty(0);
}

/** One worker of a server under development: nothing ends it while it stands in a debugger. */
export function mayBeDebugged(settings: { readonly workers: number; readonly reload: boolean }): boolean {
  return hasTerminal() && settings.reload && settings.workers === 1;
}
