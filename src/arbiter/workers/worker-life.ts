// The life of a worker as the arbiter sees it: a state with a reason, moved by one pure function.

/** How a process ended. */
export interface ProcessEnd {
  readonly code: number | null;
  readonly signal: number | null;
}

/** Why a worker is killed instead of being asked to leave. `stuck`: all its remaining requests hang. */
export type DoomReason =
  | 'timeout'
  | 'stuck'
  | 'slow-boot'
  | 'graceful-timeout'
  | 'slow-exit'
  | 'given-up'
  | 'not-needed';

/** Why a worker is asked to finish its requests and leave. `timeout`: one of them hangs. `asked`: by a hook. `spent`: max_requests. */
export type RetireReason = 'succeeded' | 'spent' | 'surplus' | 'timeout' | 'asked';

/** `soon`: the worker may continue beside its successor for a while, until it is spent. */
type SuccessorNeed = 'not-needed' | 'soon' | 'wanted';

export type WorkerState =
  /** The forkserver was asked to fork it; its pid is not known yet. */
  | { readonly kind: 'forking'; readonly sinceMs: number }
  | { readonly kind: 'booting'; readonly sinceMs: number }
  | { readonly kind: 'ready'; readonly sinceMs: number; readonly successor: SuccessorNeed }
  /** Asked to finish its requests and leave. */
  | {
      readonly kind: 'retiring';
      readonly sinceMs: number;
      readonly reason: RetireReason;
      readonly askedAtMs: number;
    }
  /**
   * It no longer serves, and exits like any Python program: it joins threads and runs exit handlers. If it was asked to leave,
   * `readySinceMs` is null and `retired` is the reason.
   */
  | {
      readonly kind: 'exiting';
      readonly sinceMs: number;
      readonly readySinceMs: number | null;
      readonly retired: RetireReason | null;
    }
  /** Being killed: first with ABRT, which makes it write its stack, then with KILL. */
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
  | { readonly type: 'asked-again' }
  /** Reported by the worker itself. */
  | { readonly type: 'exiting' }
  | { readonly type: 'doom'; readonly reason: DoomReason }
  | { readonly type: 'aborted' }
  | { readonly type: 'killed' }
  | { readonly type: 'exited'; readonly end: ProcessEnd };

/**
 * The state after `event`. Returns the same state for an event that may come late or twice, because worker and arbiter act concurrently,
 * and null for one that cannot happen in this state.
 */
export function moveWorker(state: WorkerState, event: WorkerEvent, nowMs: number): WorkerState | null {
  if (state.kind === 'gone') return null;
  switch (event.type) {
    case 'exited':
      return { kind: 'gone', end: event.end, was: state.kind };
    case 'doom':
      // The first reason stays, and a worker without a pid cannot be killed yet.
      if (state.kind === 'doomed' || state.kind === 'forking') return state;
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
      if (state.kind === 'booting') return { kind: 'ready', sinceMs: nowMs, successor: 'not-needed' };
      // It was asked to leave, or doomed, while it was booting.
      return state.kind === 'retiring' || state.kind === 'doomed' ? state : null;
    case 'wants-successor':
      if (state.kind === 'forking') return null;
      if (state.kind !== 'ready' || state.successor === 'wanted') return state;
      return { ...state, successor: event.need };
    case 'retire':
      if (state.kind === 'forking') return null;
      if (state.kind !== 'ready' && state.kind !== 'booting') return state;
      return { kind: 'retiring', sinceMs: nowMs, reason: event.reason, askedAtMs: nowMs };
    case 'exiting':
      if (state.kind === 'ready')
        return { kind: 'exiting', sinceMs: nowMs, readySinceMs: state.sinceMs, retired: null };
      if (state.kind === 'retiring')
        return { kind: 'exiting', sinceMs: nowMs, readySinceMs: null, retired: state.reason };
      // A worker that leaves while it boots has failed to boot.
      return state.kind === 'booting' || state.kind === 'doomed' ? state : null;
    case 'asked-again':
      return state.kind === 'retiring' ? { ...state, askedAtMs: nowMs } : null;
  }
}
