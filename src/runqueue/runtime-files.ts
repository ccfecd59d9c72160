// The names of the files in the runtime directory, and of a gateway's folder in the spool directory. What is a gateway's own has its
// number in its name, so that the arbiter can remove it when that gateway was killed. Python gets the names from here:
// generated-docs/python-facts.ts.

import path from 'node:path';

/** `{}` stands for a number. */
export const RUNTIME_FILES = {
  board: 'board',
  lifeline: 'lifeline',
  tickets: 'tickets-{}',
  channelSocket: 'gateway-{}.sock',
  stacks: 'stack-{}',
} as const;

/** Of the names of channel sockets: the number of a gateway has no more digits in the life of an arbiter. */
export const LONGEST_SOCKET_NAME: string = numbered(RUNTIME_FILES.channelSocket, 1_000_000);

export function boardPath(runtimeDir: string): string {
  return path.join(runtimeDir, RUNTIME_FILES.board);
}

/** The pipe whose only writer is the arbiter: its end is the arbiter's. */
export function lifelinePath(runtimeDir: string): string {
  return path.join(runtimeDir, RUNTIME_FILES.lifeline);
}

export function ticketsPath(runtimeDir: string, generation: number): string {
  return path.join(runtimeDir, numbered(RUNTIME_FILES.tickets, generation));
}

/** The socket that workers connect their channels to. */
export function channelSocketPath(runtimeDir: string, gateway: number): string {
  return path.join(runtimeDir, numbered(RUNTIME_FILES.channelSocket, gateway));
}

/** Where the worker with this first slot writes its stacks. */
export function stacksPath(runtimeDir: string, slot: number): string {
  return path.join(runtimeDir, numbered(RUNTIME_FILES.stacks, slot));
}

/** The folder for a gateway's spooled bodies; the gateway makes it. */
export function gatewaySpoolDir(spoolDir: string, gateway: number): string {
  return path.join(spoolDir, `gateway-${gateway}`);
}

function numbered(name: string, number: number): string {
  return name.replace('{}', String(number));
}
