// A worker's life as the arbiter sees it: a state with a reason, moved by one pure function.

/** How a process ended. */
export interface ProcessEnd {
  readonly code: number | null;
  readonly signal: number | null;
}

/** Why a worker is killed rather than asked to leave. `stuck`: nothing but requests that hang is left in it. */
export type DoomReason = 'timeout' | 'stuck' | 'slow-boot' | 'graceful-timeout' | 'slow-exit' | 'given-up' | 'drained';

/** Why a worker is asked to finish its requests and go. `timeout`: one of them hangs. `asked`: by a hook. `spent`: max_requests. */
export type RetireReason = 'succeeded' | 'spent' | 'surplus' | 'timeout' | 'asked';

/** `soon`: it may go on for a while beside its successor, until it is spent. */
export type SuccessorNeed = 'not-needed' | 'soon' | 'wanted';

export type WorkerState =
  /** The forkserver has been asked; there is no pid yet. */
  | { readonly kind: 'forking'; readonly sinceMs: number }
  | { readonly kind: 'booting'; readonly sinceMs: number }
  | { readonly kind: 'ready'; readonly sinceMs: number; readonly successor: SuccessorNeed }
  /** Told to finish its ticket and go. */
  | {
      readonly kind: 'retiring';
      readonly sinceMs: number;
      readonly reason: RetireReason;
      readonly toldAtMs: number;
    }
  /**
   * It serves no more, and ends as any Python program does: threads are waited for, exit handlers run. `readySinceMs` is null if it
   * was told to go.
   */
  | { readonly kind: 'exiting'; readonly sinceMs: number; readonly readySinceMs: number | null }
  /** To be killed: first ABRT, which leaves a stack behind, then KILL. */
  | {
      readonly kind: 'doomed';
      readonly sinceMs: number;
      readonly reason: DoomReason;
      readonly step: 'to-abort' | 'aborted' | 'killed';
    }
  | { readonly kind: 'gone'; readonly end: ProcessEnd; readonly was: Exclude<WorkerState['kind'], 'gone'> };

export type WorkerEvent =
  | { readonly type: 'forked' }
  | { readonly type: 'ready' }
  | { readonly type: 'wants-successor'; readonly need: Exclude<SuccessorNeed, 'not-needed'> }
  | { readonly type: 'retire'; readonly reason: RetireReason }
  /** TERM was sent once more: a signal that arrives between two system calls does not interrupt the second. */
  | { readonly type: 'told-again' }
  /** It says so itself. */
  | { readonly type: 'exiting' }
  | { readonly type: 'doom'; readonly reason: DoomReason }
  | { readonly type: 'aborted' }
  | { readonly type: 'killed' }
  | { readonly type: 'exited'; readonly end: ProcessEnd };

/** The state after `event`, or null when the event does not belong in this state. */
export function moveWorker(state: WorkerState, event: WorkerEvent, nowMs: number): WorkerState | null {
  if (state.kind === 'gone') return null;
  switch (event.type) {
    case 'exited':
      return { kind: 'gone', end: event.end, was: state.kind };
    case 'doom':
      if (state.kind === 'doomed' || state.kind === 'forking') return null;
      return { kind: 'doomed', sinceMs: nowMs, reason: event.reason, step: 'to-abort' };
    case 'aborted':
      return state.kind === 'doomed' && state.step === 'to-abort'
        ? { ...state, sinceMs: nowMs, step: 'aborted' }
        : null;
    case 'killed':
      return state.kind === 'doomed' ? { ...state, sinceMs: nowMs, step: 'killed' } : null;
    case 'forked':
      return state.kind === 'forking' ? { kind: 'booting', sinceMs: nowMs } : null;
    case 'ready':
      return state.kind === 'booting' ? { kind: 'ready', sinceMs: nowMs, successor: 'not-needed' } : null;
    case 'wants-successor':
      if (state.kind !== 'ready') return null;
      return state.successor === 'wanted' ? state : { ...state, successor: event.need };
    case 'retire':
      return state.kind === 'ready' || state.kind === 'booting'
        ? { kind: 'retiring', sinceMs: nowMs, reason: event.reason, toldAtMs: nowMs }
        : null;
    case 'exiting':
      if (state.kind === 'ready') return { kind: 'exiting', sinceMs: nowMs, readySinceMs: state.sinceMs };
      return state.kind === 'retiring' ? { kind: 'exiting', sinceMs: nowMs, readySinceMs: null } : null;
    case 'told-again':
      return state.kind === 'retiring' ? { ...state, toldAtMs: nowMs } : null;
  }
}
