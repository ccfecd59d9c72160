// What hooks ask of the arbiter through the verbs of their `server` object. Called by the arbiter.

import type { Asked } from '../messages/about-hooks.ts';
import type { Generations } from './generations.ts';

export interface HookServant {
  readonly generations: Generations;
  /** A server that stops does nothing else any more. */
  readonly isStopping: boolean;
  stop(manner: 'graceful' | 'quick'): void;
}

export function obeyHook(ask: Asked, { generations, isStopping, stop }: HookServant, nowMs: number): void {
  if (ask.what === 'kill-worker') {
    generations.killWorker(ask.pid, ask.signal, nowMs);
    return;
  }
  if (isStopping) return;
  switch (ask.what) {
    case 'manage':
      return generations.serving?.manage(nowMs);
    case 'reload':
      return generations.reload(nowMs);
    case 'resize':
      return generations.host?.resize(ask.workers, nowMs);
    case 'stop':
      return stop(ask.graceful ? 'graceful' : 'quick');
  }
}
