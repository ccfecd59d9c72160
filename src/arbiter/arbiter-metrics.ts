// The arbiter's own metrics: the numbers of workers, of connections waiting in the backlogs, and of open streams (WebSockets, tunnels,
// event streams).

import { type ListeningAddress, listenBacklog } from '../telemetry/listen-backlog.ts';
import type { Statsd } from '../telemetry/statsd.ts';
import type { Telemetry } from '../telemetry/telemetry.ts';
import type { StreamSum, StreamTotals } from './gateways/stream-totals.ts';
import type { Generations } from './generations/generations.ts';
import type { Listeners } from './sockets/listeners.ts';

const EVERY_MS = 1000;

export interface Measured {
  readonly generations: Generations;
  readonly listeners: Listeners;
  readonly streams: StreamTotals;
  /** The setting enable_backlog_metric. */
  readonly measuresBacklog: boolean;
}

export class ArbiterMetrics {
  readonly #telemetry: Telemetry;
  /** The last gauges sent, and their receiver. */
  #sent: { readonly statsd: Statsd; readonly workers: number } | null = null;
  #sentStreams: { readonly statsd: Statsd; readonly sum: StreamSum } | null = null;
  #lastMs = Number.NEGATIVE_INFINITY;

  constructor(telemetry: Telemetry) {
    this.#telemetry = telemetry;
  }

  tick({ generations, listeners, streams, measuresBacklog }: Measured, nowMs: number): void {
    const { statsd } = this.#telemetry;
    const workers = generations.all().reduce((sum, generation) => sum + generation.workers.size, 0);
    if (statsd !== null && (this.#sent?.statsd !== statsd || this.#sent.workers !== workers)) {
      this.#sent = { statsd, workers };
      statsd.workers(workers);
    }
    if (nowMs - this.#lastMs < EVERY_MS) return;
    this.#lastMs = nowMs;
    this.#telemetry.check(nowMs);
    if (statsd === null) return;
    this.#sendStreams(statsd, streams.all());
    if (!measuresBacklog) return;
    void listenBacklog(tcpAddresses(listeners)).then((waiting) => {
      if (waiting !== undefined) statsd.backlog(waiting);
    });
  }

  /** Sends changed gauges; to a new receiver all of them, because it may remember those of a server that has ended. */
  #sendStreams(statsd: Statsd, sum: StreamSum): void {
    const sent = this.#sentStreams?.statsd === statsd ? this.#sentStreams.sum : null;
    this.#sentStreams = { statsd, sum };
    if (sent?.webSockets !== sum.webSockets) statsd.streams('web_sockets', sum.webSockets);
    if (sent?.tunnels !== sum.tunnels) statsd.streams('tunnels', sum.tunnels);
    if (sent?.eventStreams !== sum.eventStreams) statsd.streams('event_streams', sum.eventStreams);
  }
}

function tcpAddresses(listeners: Listeners): ListeningAddress[] {
  const addresses = listeners.current().map(({ address }) => address);
  return addresses.filter(({ kind }) => kind === 'tcp').map(({ host, port }) => ({ host, port: Number(port) }));
}
