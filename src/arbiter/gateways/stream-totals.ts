// The numbers of WebSockets, tunnels and event streams: the sums of the gateways' reports.

import type { StreamCounts } from '../../messages/between-arbiter-and-gateway.ts';

export type StreamSum = Omit<StreamCounts, 'generation'>;

export class StreamTotals {
  /** By the gateway's number. */
  readonly #counts: Map<number, readonly StreamCounts[]> = new Map();

  update(gateway: number, streams: readonly StreamCounts[]): void {
    this.#counts.set(gateway, streams);
  }

  gatewayGone(gateway: number): void {
    this.#counts.delete(gateway);
  }

  all(): StreamSum {
    return sum([...this.#counts.values()].flat());
  }

  of(generation: number): StreamSum {
    return sum([...this.#counts.values()].flat().filter((counts) => counts.generation === generation));
  }
}

function sum(all: readonly StreamCounts[]): StreamSum {
  const total = { webSockets: 0, tunnels: 0, eventStreams: 0 };
  for (const { webSockets, tunnels, eventStreams } of all) {
    total.webSockets += webSockets;
    total.tunnels += tunnels;
    total.eventStreams += eventStreams;
  }
  return total;
}
