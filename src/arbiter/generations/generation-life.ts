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
  | { readonly kind: 'serving' }
  | { readonly kind: 'draining'; readonly sinceMs: number }
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
  booting: ['serving'],
  serving: [],
  draining: ['gone'],
  'given-up': ['gone'],
  gone: [],
};

export function mayFollow(state: GenerationState, next: GenerationState): boolean {
  const isEnding = state.kind === 'draining' || state.kind === 'given-up' || state.kind === 'gone';
  if (next.kind === 'draining' || next.kind === 'given-up') return !isEnding;
  return FOLLOWS[state.kind].includes(next.kind);
}
