// For an event that a state machine has no transition for: the state stays as it is, and the bug is logged. Events that may come late or
// twice in practice are legal: their state machine has a transition for them.

import { INTERNAL_MESSAGES } from './catalog/internal.ts';
import { type Entry, entry, textOf } from './message.ts';

export interface IllegalMoveLog {
  enter(said: Entry): void;
}

/** Tests set it to `throw`, so that an illegal move fails them. */
export const ILLEGAL_MOVES_VARIABLE = 'TUNICORN_TEST_ILLEGAL_MOVES';

/** `what` names the thing, its state and the event: "worker 12: 'ready' in state 'retiring'". */
export function illegalMove(log: IllegalMoveLog, what: string): void {
  const said = entry(INTERNAL_MESSAGES.illegalMove, { what });
  log.enter(said);
  if (process.env[ILLEGAL_MOVES_VARIABLE] === 'throw') throw new Error(textOf(said));
}
