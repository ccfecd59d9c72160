// A listening socket that the arbiter holds without accepting on it: the raw handle that Node makes from a received descriptor. A gateway
// passes it to `net.Server.listen(handle, backlog)`, and must name the backlog: Node calls listen(2) again on the shared socket, with 511
// by default.

import type { ChildProcess, SendHandle } from 'node:child_process';

export interface ListeningHandle {
  readonly fd: number;
  close(): void;
}

export function isListeningHandle(value: unknown): value is ListeningHandle {
  return (
    typeof value === 'object' &&
    value !== null &&
    'fd' in value &&
    typeof value.fd === 'number' &&
    'close' in value &&
    typeof value.close === 'function'
  );
}

/**
 * Sends a message together with the handle, which stays open here and may be sent any number of times. Node's types know only the wrapped
 * forms (net.Server, net.Socket); child.send() also takes the raw handle and passes it on raw.
 */
export function sendListeningHandle(gateway: ChildProcess, message: object, handle: ListeningHandle): boolean {
  return gateway.send(message, handle as unknown as SendHandle);
}
