// The arbiter's own metrics: how many workers there are, and how many connections wait to be accepted. Called at each tick.

import { type ListeningAddress, listenBacklog } from '../metrics/listen-backlog.ts';
import type { Statsd } from '../metrics/statsd.ts';
import type { Telemetry } from '../metrics/telemetry.ts';

const EVERY_MS = 1000;

export class ArbiterMetrics {
  readonly #telemetry: Telemetry;
  /** What the last gauge said, and to whom. */
  #told: { readonly statsd: Statsd; readonly workers: number } | null = null;
  #lastMs = Number.NEGATIVE_INFINITY;

  constructor(telemetry: Telemetry) {
    this.#telemetry = telemetry;
  }

  tick(nowMs: number, workers: number, listening: readonly ListeningAddress[], backlog: boolean): void {
    const { statsd } = this.#telemetry;
    if (statsd !== null && (this.#told?.statsd !== statsd || this.#told.workers !== workers)) {
      this.#told = { statsd, workers };
      statsd.workers(workers);
    }
    if (nowMs - this.#lastMs < EVERY_MS) return;
    this.#lastMs = nowMs;
    this.#telemetry.check(nowMs);
    if (statsd === null || !backlog) return;
    void listenBacklog(listening).then((waiting) => {
      if (waiting !== undefined) statsd.backlog(waiting);
    });
  }
}
