// The life of a generation: its states, and a pure function that says which state may follow which.

export type GenerationState =
  | { readonly kind: 'configuring' }
  /** Waiting for the serving generation to report what hooks have set on its `server`. */
  | { readonly kind: 'inheriting'; readonly sinceMs: number }
  | { readonly kind: 'settling' }
  /** nworkers_changed is being called. */
  | { readonly kind: 'counting' }
  | { readonly kind: 'preparing' }
  /** when_ready or on_reload is being called. */
  | { readonly kind: 'announcing' }
  /** The pipe exists, and the application is loaded if it is preloaded; the gateways may not be up yet. */
  | { readonly kind: 'prepared' }
  | { readonly kind: 'booting' }
  /** Its workers are ready; the listening sockets are being changed to match its settings. */
  | { readonly kind: 'rebinding' }
  /** `gateways`: the numbers of the gateways that have not confirmed yet that they write to its pipe. */
  | { readonly kind: 'switching'; readonly sinceMs: number; readonly gateways: ReadonlySet<number> }
  | { readonly kind: 'serving' }
  /** `for`: a successor serves, or the arbiter stops. */
  | { readonly kind: 'draining'; readonly sinceMs: number; readonly for: 'successor' | 'stop' }
  | { readonly kind: 'given-up'; readonly sinceMs: number; readonly reason: string }
  | { readonly kind: 'gone' };

type Kind = GenerationState['kind'];

/** The way up. A generation may also end at any of these steps. */
const FOLLOWS: Readonly<Record<Kind, readonly Kind[]>> = {
  // The command has already taken the steps up to `preparing` with the first forkserver.
  configuring: ['inheriting', 'settling', 'preparing'],
  inheriting: ['settling'],
  settling: ['counting', 'preparing'],
  counting: ['preparing'],
  preparing: ['announcing', 'prepared'],
  announcing: ['prepared'],
  prepared: ['booting'],
  booting: ['rebinding', 'switching'],
  rebinding: ['switching'],
  switching: ['switching', 'serving'],
  serving: [],
  draining: ['gone'],
  'given-up': ['gone'],
  gone: [],
};

export function mayFollow(state: GenerationState, next: GenerationState): boolean {
  if (next.kind === 'draining' || next.kind === 'given-up') return !isEnding(state);
  return FOLLOWS[state.kind].includes(next.kind);
}

export function isEnding(state: GenerationState): boolean {
  return state.kind === 'draining' || state.kind === 'given-up' || state.kind === 'gone';
}

/** Serves now, or was the last to serve when the arbiter stopped. */
export function isServing(state: GenerationState): boolean {
  return state.kind === 'serving' || (state.kind === 'draining' && state.for === 'stop');
}

/** Has not served yet, and still may. */
export function isNext(state: GenerationState): boolean {
  return state.kind !== 'serving' && !isEnding(state);
}
