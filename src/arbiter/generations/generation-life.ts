// A generation's life: a state, and a pure function that says which may follow which.

export type GenerationState =
  | { readonly kind: 'configuring' }
  /** The serving generation is asked for what hooks have set on its `server`. */
  | { readonly kind: 'inheriting'; readonly sinceMs: number }
  | { readonly kind: 'settling' }
  /** nworkers_changed is being called. */
  | { readonly kind: 'counting' }
  | { readonly kind: 'preparing' }
  /** when_ready or on_reload is being called. */
  | { readonly kind: 'announcing' }
  /** The pipe is there, and the application loaded if it is to be preloaded; the gateways may not be up yet. */
  | { readonly kind: 'prepared' }
  | { readonly kind: 'booting' }
  /** Its workers are ready; the listening sockets are being changed to those that it wants. */
  | { readonly kind: 'rebinding' }
  /** `gateways` are the numbers of those that have still to say that they write to its pipe. */
  | { readonly kind: 'switching'; readonly sinceMs: number; readonly gateways: ReadonlySet<number> }
  | { readonly kind: 'serving' }
  /** `for`: the generation that serves in its place, or the end of the arbiter. */
  | { readonly kind: 'draining'; readonly sinceMs: number; readonly for: 'successor' | 'stop' }
  | { readonly kind: 'given-up'; readonly sinceMs: number; readonly reason: string }
  | { readonly kind: 'gone' };

type Kind = GenerationState['kind'];

/** The way up. Before `draining` a generation may end at any step. */
const FOLLOWS: Readonly<Record<Kind, readonly Kind[]>> = {
  // With the first forkserver the command has taken the steps up to `preparing`.
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

/** Serves, or was the last to serve when the arbiter stopped. */
export function isServing(state: GenerationState): boolean {
  return state.kind === 'serving' || (state.kind === 'draining' && state.for === 'stop');
}

/** Is on its way to serve. */
export function isNext(state: GenerationState): boolean {
  return state.kind !== 'serving' && !isEnding(state);
}
