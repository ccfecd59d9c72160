// How reloads went: a count for each result, and the last one.

import { zeroes } from '../../telemetry/snapshot/gateway-report.ts';
import { type LastReload, RELOAD_RESULTS, type ReloadResult } from '../../telemetry/snapshot/snapshot.ts';

interface Begun {
  readonly generation: number;
  readonly startedMs: number;
  readonly result: ReloadResult | 'running';
  readonly endedMs: number | null;
  readonly failure: string | null;
  readonly traceback: string | null;
}

/** Times are those of Date.now(). */
export class ReloadHistory {
  readonly #counts: Record<ReloadResult, number> = zeroes(RELOAD_RESULTS);
  #last: Begun | null = null;

  begins(generation: number, nowMs: number): void {
    this.#last = {
      generation,
      startedMs: nowMs,
      result: 'running',
      endedMs: null,
      failure: null,
      traceback: null,
    };
  }

  /** Of the code that the generation could not load; the end follows. */
  traceback(generation: number, text: string): void {
    if (this.#last?.generation === generation) this.#last = { ...this.#last, traceback: text };
  }

  /** The first generation is no reload. */
  ended(generation: number, result: ReloadResult, failure: string | null, nowMs: number): void {
    const last = this.#last;
    if (last?.generation !== generation || last.result !== 'running') return;
    this.#counts[result] += 1;
    this.#last = { ...last, result, failure, endedMs: nowMs };
  }

  get counts(): Readonly<Record<ReloadResult, number>> {
    return { ...this.#counts };
  }

  last(nowMs: number): LastReload | null {
    const last = this.#last;
    if (last === null) return null;
    const { generation, result, failure, traceback, startedMs, endedMs } = last;
    const startedAt = new Date(startedMs).toISOString();
    return { generation, result, startedAt, seconds: ((endedMs ?? nowMs) - startedMs) / 1000, failure, traceback };
  }
}
