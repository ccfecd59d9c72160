// The gateway's end of the relay for log lines, used when Python's loggers write them: over the channel to the arbiter, no faster than
// the arbiter keeps up.

import type { LogRelayTarget } from '../../log/log-relay.ts';
import type { RelayedAccess, RelayedLine } from '../../log/relayed-log.ts';

const ROOM = 1000;

/** Messages that the kernel has not accepted yet. */
let pending = 0;

export class LogsToArbiter implements LogRelayTarget {
  get hasRoom(): boolean {
    return process.connected && pending < ROOM;
  }

  send(message: RelayedLine | RelayedAccess): void {
    pending += 1;
    process.send?.(message, undefined, {}, () => {
      pending -= 1;
    });
  }
}
