// The names of the files in the runtime directory, and of a gateway's folder in the spool directory. A gateway's own files have its number
// in their names, so that the arbiter can remove them when that gateway was killed. Python gets the names from here:
// generated-docs/python-facts.ts.

import path from 'node:path';

/** `{}` stands for a number. */
export const RUNTIME_FILES = {
  board: 'board',
  lifeline: 'lifeline',
  tickets: 'tickets-{}',
  channelSocket: 'gateway-{}.sock',
  answers: 'answers-{}',
  stacks: 'stack-{}',
} as const;

/** The longest name of a channel socket: in the life of an arbiter, the number of a gateway has no more digits. */
export const LONGEST_SOCKET_NAME: string = numbered(RUNTIME_FILES.channelSocket, 1_000_000);

export function boardPath(runtimeDir: string): string {
  return path.join(runtimeDir, RUNTIME_FILES.board);
}

/** The pipe whose only writer is the arbiter: end-of-file means that the arbiter is gone. */
export function lifelinePath(runtimeDir: string): string {
  return path.join(runtimeDir, RUNTIME_FILES.lifeline);
}

export function ticketsPath(runtimeDir: string, generation: number): string {
  return path.join(runtimeDir, numbered(RUNTIME_FILES.tickets, generation));
}

/** The socket to which workers connect their channels. */
export function channelSocketPath(runtimeDir: string, gateway: number): string {
  return path.join(runtimeDir, numbered(RUNTIME_FILES.channelSocket, gateway));
}

/** The pipe through which workers send short answers to a gateway. */
export function answersPath(runtimeDir: string, gateway: number): string {
  return path.join(runtimeDir, numbered(RUNTIME_FILES.answers, gateway));
}

/** The file into which the worker with this first slot writes its stacks. */
export function stacksPath(runtimeDir: string, slot: number): string {
  return path.join(runtimeDir, numbered(RUNTIME_FILES.stacks, slot));
}

/** The folder for a gateway's spooled bodies; the gateway creates it. */
export function gatewaySpoolDir(spoolDir: string, gateway: number): string {
  return path.join(spoolDir, `gateway-${gateway}`);
}

function numbered(name: string, number: number): string {
  return name.replace('{}', String(number));
}
