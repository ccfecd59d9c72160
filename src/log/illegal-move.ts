// What happens to an event that a state machine has no transition for: the state stays as it is, and the bug is reported. An event that
// may come late or twice in practice is no such event: its state machine has a transition for it.

export interface IllegalMoveLog {
  log(level: 'error', message: string): void;
}

/** Tests set it to `throw`, so that an illegal move fails them. */
export const ILLEGAL_MOVES_VARIABLE = 'TUNICORN_TEST_ILLEGAL_MOVES';

/** `what` names the thing, its state and the event: "worker 12: 'ready' in state 'retiring'". */
export function illegalMove(log: IllegalMoveLog, what: string): void {
  const message = `Illegal state change, ignored. This is a bug in Tunicorn; please report it: ${what}`;
  log.log('error', message);
  if (process.env[ILLEGAL_MOVES_VARIABLE] === 'throw') throw new Error(message);
}
