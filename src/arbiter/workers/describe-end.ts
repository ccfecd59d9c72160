// How a process ended, in the words of the log.

import os from 'node:os';

/** `exited with code 1`, or `was ended by SIGKILL`. */
export function describeEnd(code: number | null, signal: NodeJS.Signals | number | null): string {
  if (signal === null) return `exited with code ${code}`;
  return `was ended by ${typeof signal === 'number' ? signalName(signal) : signal}`;
}

/** `SIGKILL` for 9; a number that has no name here stays one. */
export function signalName(signal: number): string {
  for (const [name, number] of Object.entries(os.constants.signals)) if (number === signal) return name;
  return `signal ${signal}`;
}
