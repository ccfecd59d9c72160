// The time after which a half-close means to the gateway that the client has left: HALF_CLOSE_MS.

import { HALF_CLOSE_MS } from '../../../src/gateway/connection/client-connection.ts';
import { pause } from '../deadline.ts';

/** Waits until a half-close means that the client has left. The rule is about time, so there is no event; waiting longer does no harm. */
export function halfCloseMeansGone(): Promise<void> {
  return pause(2 * HALF_CLOSE_MS);
}
