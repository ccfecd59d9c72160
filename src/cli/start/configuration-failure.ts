// What the user is told when the first forkserver has not evaluated the configuration. Called by the command. Pure.

import type { Relayed } from '../../arbiter/forkserver/forkserver-relay.ts';

/** `isEmbedded`: the forkserver is a program, which may end for reasons of its own. */
export function configurationFailure(message: Relayed, isEmbedded: boolean): string {
  if (message.type === 'gone') {
    return isEmbedded
      ? `Error: The program, run again as a forkserver, ${message.how} before it called run()`
      : `Error: The forkserver ${message.how} before it had evaluated the configuration file`;
  }
  if (message.type !== 'failed') return `Error: The forkserver said '${message.type}' before 'configured'`;
  return message.traceback === '' ? `Error: ${message.message}` : `${message.message}\n${message.traceback}`;
}
