// The arbiter's state as the service manager is shown it. Called by arbiter.ts after each event.

import type { Phase } from '../arbiter-phase.ts';
import type { Generations } from '../generations/generations.ts';
import type { UpgradeState } from '../process/upgrade.ts';
import type { ServiceState } from './service-notices.ts';

export function serviceState(
  phase: Phase['kind'],
  { serving, next, failure }: Pick<Generations, 'serving' | 'next' | 'failure'>,
  upgrade: UpgradeState,
): ServiceState {
  // With shutdown_delay the stop begins before the drain does.
  const isEnding = phase === 'leaving' || phase === 'stopping';
  return {
    phase: isEnding ? 'stopping' : serving === null ? 'starting' : phase === 'paused' ? 'paused' : 'serving',
    generation: serving?.number ?? null,
    next: next?.number ?? null,
    workersReady: serving?.workers.count('ready') ?? 0,
    workersWanted: serving?.target ?? 0,
    failure,
    successor: upgrade.kind === 'older' ? upgrade.pid : null,
  };
}
