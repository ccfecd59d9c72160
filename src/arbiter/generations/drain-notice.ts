// Logs one line when a generation starts to drain while it still has WebSockets, tunnels or event streams: at a reload, and at
// shutdown once every gateway has reported its own.

import { GENERATION_MESSAGES } from '../../log/catalog/generations.ts';
import type { ErrorLog } from '../../log/error-log.ts';
import type { Gateways } from '../gateways/gateways.ts';
import type { StreamSum, StreamTotals } from '../gateways/stream-totals.ts';
import type { Generation } from './generation.ts';

export class DrainNotice {
  readonly #log: ErrorLog;
  readonly #streams: StreamTotals;
  /** The generation that drains together with its gateways, and the gateways that have not reported yet. */
  #awaited: { readonly generation: Generation; readonly gateways: Set<number> } | null = null;

  constructor(log: ErrorLog, streams: StreamTotals) {
    this.#log = log;
    this.#streams = streams;
  }

  /** The gateways have reported already. */
  generationDrains(generation: Generation): void {
    const streams = inWords(this.#streams.of(generation.number));
    if (streams === null) return;
    const { number, gracefulTimeout: seconds } = generation;
    this.#log.say(GENERATION_MESSAGES.streamsRemain, { generation: number, streams, seconds });
  }

  /** The gateways are asked to drain. */
  allDrain(generation: Generation | null, gateways: Gateways): void {
    if (generation === null || gateways.size === 0) return;
    this.#awaited = { generation, gateways: new Set(gateways.running().map(({ number }) => number)) };
  }

  /** It has reported its streams, or it is gone. */
  gatewayDrains(gateway: number): void {
    const awaited = this.#awaited;
    if (awaited === null) return;
    awaited.gateways.delete(gateway);
    if (awaited.gateways.size > 0) return;
    this.#awaited = null;
    this.generationDrains(awaited.generation);
  }
}

/** For example "2 WebSockets, 1 tunnel and 3 event streams"; null if there are none. */
export function inWords({ webSockets, tunnels, eventStreams }: StreamSum): string | null {
  const counts = [
    [webSockets, 'WebSocket'],
    [tunnels, 'tunnel'],
    [eventStreams, 'event stream'],
  ] as const;
  const parts = counts
    .filter(([count]) => count > 0)
    .map(([count, name]) => `${count} ${name}${count === 1 ? '' : 's'}`);
  const last = parts.pop();
  if (last === undefined) return null;
  return parts.length === 0 ? last : `${parts.join(', ')} and ${last}`;
}
