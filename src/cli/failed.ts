// Reports a failure of the command on standard error, and to the command that started this one in the background.

import { EXIT_ERROR } from '../messages/exit-status.ts';
import { reportStart } from './start/daemon.ts';

/** Returns the exit status. */
export function failed(message: string): number {
  const text = errorText(message);
  process.stderr.write(text);
  reportStart({ type: 'failed', text });
  return EXIT_ERROR;
}

export function errorText(message: string): string {
  return `\n${message.trimEnd()}\n\n`;
}

export function describeErrors(errors: readonly string[]): string {
  return errors.map((error) => `Error: ${error}`).join('\n');
}
