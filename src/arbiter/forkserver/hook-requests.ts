// Requests that hooks make to the arbiter through the methods of their `server` object.

import type { Asked } from '../../messages/about-hooks.ts';
import { EXIT_OK } from '../../messages/exit-status.ts';
import type { ArbiterPhase } from '../arbiter-phase.ts';
import type { Generations } from '../generations/generations.ts';
import type { Succession } from '../generations/succession.ts';
import type { Shutdown } from '../shutdown.ts';

export interface HookTargets {
  readonly phase: ArbiterPhase;
  readonly generations: Generations;
  readonly succession: Succession;
  readonly shutdown: Shutdown;
}

export function fulfilHookRequest(ask: Asked, targets: HookTargets, nowMs: number): void {
  const { phase, generations, succession, shutdown } = targets;
  if (ask.what === 'kill-worker') {
    generations.killWorker(ask.pid, ask.signal, nowMs);
    return;
  }
  // A stopping server ignores other requests.
  if (phase.kind === 'stopping') return;
  switch (ask.what) {
    case 'manage':
      return generations.serving?.manage(nowMs);
    case 'reload':
      return succession.reload(nowMs);
    case 'resize':
      return generations.host?.resize(ask.workers, nowMs);
    case 'stop':
      return shutdown.stop(ask.graceful ? 'graceful' : 'quick', EXIT_OK, nowMs);
  }
}
