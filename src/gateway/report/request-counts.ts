// The counts of one gateway: requests by status and end, refusals by limit, histograms of times and sizes. A request costs a few additions;
// the report is made when the arbiter asks for it.

import type { RequestEnd } from '../../log/access-record.ts';
import {
  type GatewayCounters,
  LIMITS,
  type Limit,
  OWN_STATUSES,
  REQUEST_ENDS,
  STATUS_CLASSES,
  zeroes,
} from '../../telemetry/snapshot/gateway-report.ts';
import { BYTES_BUCKETS, Histogram, SECONDS_BUCKETS } from '../../telemetry/snapshot/histogram.ts';
import type { Exchange } from '../exchange/exchange.ts';

export class RequestCounts {
  /** By the first digit of the status; 0: none. */
  readonly #byClass: Float64Array = new Float64Array(6);
  readonly #ends: Record<RequestEnd, number> = zeroes(REQUEST_ENDS);
  readonly #ownAnswers: Record<(typeof OWN_STATUSES)[number], number> = zeroes(OWN_STATUSES);
  readonly #refused: Record<Limit, number> = zeroes(LIMITS);
  readonly #queue: Histogram = new Histogram(SECONDS_BUCKETS);
  readonly #application: Histogram = new Histogram(SECONDS_BUCKETS);
  readonly #request: Histogram = new Histogram(SECONDS_BUCKETS);
  readonly #requestBytes: Histogram = new Histogram(BYTES_BUCKETS);
  readonly #responseBytes: Histogram = new Histogram(BYTES_BUCKETS);
  readonly #loopDelay: Histogram = new Histogram(SECONDS_BUCKETS);
  #accepted = 0;

  accepted(): void {
    this.#accepted += 1;
  }

  /** A request that was admitted. */
  ended(exchange: Exchange, nowMs: number): void {
    const { request, ticket, status, why, state } = exchange;
    this.#count(status ?? 0, why);
    if (state.kind === 'finished' && state.ended.ownStatus !== null) this.#answered(state.ended.ownStatus);
    if (why === 'queue-timeout') this.refused('queue_timeout');
    const seconds = (nowMs - request.arrivedMs) / 1000;
    const queueSeconds = ticket === null ? seconds : (ticket.waitedMs - request.upstreamMs) / 1000;
    if (ticket !== null || !exchange.isServedHere) this.#queue.observe(queueSeconds);
    if (exchange.isLasting) return;
    if (ticket !== null) this.#application.observe(seconds - queueSeconds);
    this.#request.observe(seconds);
    this.#requestBytes.observe(exchange.receivedBytes);
    this.#responseBytes.observe(exchange.sentBytes);
  }

  /** A request that never was. */
  unserved(status: number | undefined, end: RequestEnd): void {
    this.#count(status ?? 0, end);
    if (status !== undefined) this.#answered(status);
  }

  refused(limit: Limit): void {
    this.#refused[limit] += 1;
  }

  loopDelayed(delayMs: number): void {
    this.#loopDelay.observe(Math.max(0, delayMs) / 1000);
  }

  counters(lostLogLines: number): GatewayCounters {
    const [none = 0, ...classes] = this.#byClass;
    const counts = [...classes, none];
    return {
      requests: Object.fromEntries(
        STATUS_CLASSES.map((name, at) => [name, counts[at] ?? 0]),
      ) as GatewayCounters['requests'],
      ends: { ...this.#ends },
      ownAnswers: { ...this.#ownAnswers },
      refused: { ...this.#refused },
      acceptedConnections: this.#accepted,
      queueSeconds: this.#queue.counts(),
      applicationSeconds: this.#application.counts(),
      requestSeconds: this.#request.counts(),
      requestBytes: this.#requestBytes.counts(),
      responseBytes: this.#responseBytes.counts(),
      loopDelaySeconds: this.#loopDelay.counts(),
      lostLogLines,
    };
  }

  #count(status: number, end: RequestEnd): void {
    const digit = Math.min(5, Math.floor(status / 100));
    this.#byClass[digit] = (this.#byClass[digit] ?? 0) + 1;
    this.#ends[end] += 1;
  }

  #answered(status: number): void {
    const known = OWN_STATUSES.find((each) => each === status);
    if (known !== undefined) this.#ownAnswers[known] += 1;
  }
}
