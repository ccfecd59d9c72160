// What a gateway is sent to write tickets for a generation.

import type { ToGateway } from '../../messages/between-arbiter-and-gateway.ts';
import type { ResolvedSettings } from '../../settings/for-processes/resolved-settings.ts';
import type { Generation } from './generation.ts';

export function serveMessage(generation: Generation): Extract<ToGateway, { type: 'serve' }> {
  return {
    type: 'serve',
    generation: generation.number,
    capacity: generation.capacity,
    concurrency: generation.pool.concurrency,
    settings: settingsOf(generation).gateway,
  };
}

/** Every generation with workers has settings. */
export function settingsOf({ number, resolved }: Generation): ResolvedSettings {
  if (resolved === null) throw new Error(`Generation ${number} has no settings yet`);
  return resolved;
}
