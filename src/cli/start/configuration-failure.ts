// The error text if the first forkserver has not evaluated the configuration. Pure.

import type { Relayed } from '../../arbiter/forkserver/forkserver-relay.ts';

/** `isEmbedded`: the forkserver is a user's program, which may end for its own reasons. */
export function configurationFailure(message: Relayed, isEmbedded: boolean): string {
  if (message.type === 'gone') {
    return isEmbedded
      ? `Error: The program, run again as a forkserver, ${message.how} before it called run()`
      : `Error: The forkserver ${message.how} before it had evaluated the configuration file`;
  }
  if (message.type !== 'failed')
    return `Error: Unexpected message from the forkserver before 'configured': '${message.type}'`;
  return message.traceback === '' ? `Error: ${message.message}` : `${message.message}\n${message.traceback}`;
}
