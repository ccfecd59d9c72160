// The life of a forkserver, and the progress of its last hook: two states, each moved by a pure function.

export type ForkserverState =
  | 'alive'
  /** Asked to exit after its last worker. */
  | 'leaving'
  /** Without workers, kept by threads that hooks have started or by signal handlers that hooks have set. */
  | 'lingering'
  /** Its workers may go on, but their ends are no longer reported. */
  | 'dead';

export type ForkserverEvent = 'leave' | 'linger' | 'die';

/** The state after `event`, or null when the event cannot happen in this state. */
export function moveForkserver(state: ForkserverState, event: ForkserverEvent): ForkserverState | null {
  switch (event) {
    case 'leave':
      // It died in the meantime.
      if (state === 'dead') return state;
      return state === 'alive' ? 'leaving' : null;
    case 'linger':
      return state === 'leaving' ? 'lingering' : null;
    case 'die':
      return state === 'dead' ? null : 'dead';
  }
}

/** The hook on_exit keeps its forkserver from leaving until it has been called. */
export type OnExitState = 'none' | 'to-come' | 'under-way' | 'done';

export type OnExitEvent = 'hold' | 'call' | 'done';

/** The state after `event`, or null when the event cannot happen in this state. */
export function moveOnExit(state: OnExitState, event: OnExitEvent): OnExitState | null {
  switch (event) {
    case 'hold':
      // A stop that becomes a quick one requests the hook again. It is called only once.
      return state === 'none' ? 'to-come' : state;
    case 'call':
      return state === 'to-come' ? 'under-way' : null;
    case 'done':
      return state === 'under-way' ? 'done' : null;
  }
}
