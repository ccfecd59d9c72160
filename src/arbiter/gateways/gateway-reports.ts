// What the gateways have counted: the last report of each, and the sum over those that have ended, so that no counter ever goes back.

import {
  type GatewayCounters,
  type GatewayGauges,
  type GatewayReport,
  NO_COUNTERS,
  sumOfCounters,
  sumOfGauges,
} from '../../telemetry/snapshot/gateway-report.ts';

/** The gateways are asked once a second, so one that has left this many questions unanswered hangs. */
const HANGS_AFTER = 10;

interface Known {
  report: GatewayReport | null;
  reportedMs: number;
  /** Questions since the last report. After a pause of this process they are few, however long it was. */
  unanswered: number;
}

export class GatewayReports {
  readonly #known: Map<number, Known> = new Map();
  #ofEnded: GatewayCounters = NO_COUNTERS;
  #waiting: { readonly gateways: Set<number>; readonly done: () => void }[] = [];

  /** These gateways are being asked for a report, as they are once a second. */
  asked(gateways: readonly number[]): void {
    for (const gateway of gateways) {
      const known = this.#known.get(gateway) ?? { report: null, reportedMs: 0, unanswered: 0 };
      known.unanswered += 1;
      this.#known.set(gateway, known);
    }
  }

  heard(gateway: number, report: GatewayReport, nowMs: number): void {
    this.#known.set(gateway, { report, reportedMs: nowMs, unanswered: 0 });
    this.#noLongerAwaited(gateway);
  }

  gone(gateway: number): void {
    const report = this.#known.get(gateway)?.report ?? null;
    if (report !== null) this.#ofEnded = sumOfCounters([this.#ofEnded, report.counters]);
    this.#known.delete(gateway);
    this.#noLongerAwaited(gateway);
  }

  /** Resolves when all of them have reported or ended, or when the time is over. */
  awaited(gateways: readonly number[], limitMs: number): Promise<void> {
    if (gateways.length === 0) return Promise.resolve();
    return new Promise((resolve) => {
      const timer = setTimeout(() => wait.done(), limitMs);
      const wait = {
        gateways: new Set(gateways),
        done: (): void => {
          clearTimeout(timer);
          this.#waiting = this.#waiting.filter((other) => other !== wait);
          resolve();
        },
      };
      this.#waiting.push(wait);
    });
  }

  get counters(): GatewayCounters {
    return sumOfCounters([this.#ofEnded, ...this.#reports().map(({ counters }) => counters)]);
  }

  get gauges(): GatewayGauges {
    return sumOfGauges(this.#reports().map(({ gauges }) => gauges));
  }

  of(gateway: number, nowMs: number): { readonly gauges: GatewayGauges; readonly ageSeconds: number } | null {
    const known = this.#known.get(gateway);
    if (known === undefined || known.report === null) return null;
    return { gauges: known.report.gauges, ageSeconds: (nowMs - known.reportedMs) / 1000 };
  }

  /** The gateways that do not answer any more. */
  hanging(): readonly number[] {
    return [...this.#known].flatMap(([gateway, { unanswered }]) => (unanswered > HANGS_AFTER ? [gateway] : []));
  }

  #reports(): GatewayReport[] {
    return [...this.#known.values()].flatMap(({ report }) => (report === null ? [] : [report]));
  }

  #noLongerAwaited(gateway: number): void {
    for (const { gateways, done } of this.#waiting) {
      gateways.delete(gateway);
      if (gateways.size === 0) done();
    }
  }
}
