// The arbiter's own metrics: how many workers there are, how many connections wait to be accepted, and how many are held by those who
// listen. Called at each tick.

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
  /** What the last gauge said, and to whom. */
  #told: { readonly statsd: Statsd; readonly workers: number } | null = null;
  #toldStreams: { readonly statsd: Statsd; readonly sum: StreamSum } | null = null;
  #lastMs = Number.NEGATIVE_INFINITY;

  constructor(telemetry: Telemetry) {
    this.#telemetry = telemetry;
  }

  tick({ generations, listeners, streams, measuresBacklog }: Measured, nowMs: number): void {
    const { statsd } = this.#telemetry;
    const workers = generations.all().reduce((sum, generation) => sum + generation.workers.size, 0);
    if (statsd !== null && (this.#told?.statsd !== statsd || this.#told.workers !== workers)) {
      this.#told = { statsd, workers };
      statsd.workers(workers);
    }
    if (nowMs - this.#lastMs < EVERY_MS) return;
    this.#lastMs = nowMs;
    this.#telemetry.check(nowMs);
    if (statsd === null) return;
    this.#tellStreams(statsd, streams.all());
    if (!measuresBacklog) return;
    void listenBacklog(tcpAddresses(listeners)).then((waiting) => {
      if (waiting !== undefined) statsd.backlog(waiting);
    });
  }

  /** To a new receiver all of them: it may remember the gauges of a server that has ended. */
  #tellStreams(statsd: Statsd, sum: StreamSum): void {
    const told = this.#toldStreams?.statsd === statsd ? this.#toldStreams.sum : null;
    this.#toldStreams = { statsd, sum };
    if (told?.webSockets !== sum.webSockets) statsd.streams('web_sockets', sum.webSockets);
    if (told?.tunnels !== sum.tunnels) statsd.streams('tunnels', sum.tunnels);
    if (told?.eventStreams !== sum.eventStreams) statsd.streams('event_streams', sum.eventStreams);
  }
}

function tcpAddresses(listeners: Listeners): ListeningAddress[] {
  const addresses = listeners.current().map(({ address }) => address);
  return addresses.filter(({ kind }) => kind === 'tcp').map(({ host, port }) => ({ host, port: Number(port) }));
}
