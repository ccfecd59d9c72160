// Histograms with fixed buckets: an observation is a short search and two additions. Pure.

/** The upper bounds of the buckets for times; the metrics show the same. */
export const SECONDS_BUCKETS: readonly number[] = [
  0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60,
];
/** The same for sizes in bytes. */
export const BYTES_BUCKETS: readonly number[] = [256, 1024, 4096, 16_384, 65_536, 262_144, 1_048_576, 16_777_216];

export interface HistogramCounts {
  /** One for each bucket, not cumulative, and a last one for what is beyond all of them. */
  readonly counts: readonly number[];
  readonly sum: number;
}

export class Histogram {
  readonly #bounds: Float64Array;
  /** The counts of HistogramCounts, then the sum: a typed array holds fractions without an allocation. */
  readonly #numbers: Float64Array;

  constructor(bounds: readonly number[]) {
    this.#bounds = Float64Array.from(bounds);
    this.#numbers = new Float64Array(bounds.length + 2);
  }

  observe(value: number): void {
    const bounds = this.#bounds;
    const numbers = this.#numbers;
    const { length } = bounds;
    let at = 0;
    while (at < length && value > (bounds[at] ?? 0)) at += 1;
    numbers[at] = (numbers[at] ?? 0) + 1;
    numbers[length + 1] = (numbers[length + 1] ?? 0) + value;
  }

  counts(): HistogramCounts {
    const numbers = [...this.#numbers];
    const sum = numbers.pop() ?? 0;
    return { counts: numbers, sum };
  }
}

export function noObservations(bounds: readonly number[]): HistogramCounts {
  return { counts: new Array<number>(bounds.length + 1).fill(0), sum: 0 };
}

function observations({ counts }: HistogramCounts): number {
  return counts.reduce((total, count) => total + count, 0);
}

/** What was observed between two states of the same histogram. */
export function observedSince(earlier: HistogramCounts, now: HistogramCounts): HistogramCounts {
  return {
    counts: now.counts.map((count, at) => count - (earlier.counts[at] ?? 0)),
    sum: now.sum - earlier.sum,
  };
}

/**
 * An estimate of the quantile, linear within its bucket, as Prometheus computes it; beyond the last bucket, its bound. Null without
 * observations.
 */
export function quantile(histogram: HistogramCounts, bounds: readonly number[], share: number): number | null {
  const total = observations(histogram);
  if (total === 0) return null;
  const rank = share * total;
  let below = 0;
  for (const [at, bound] of bounds.entries()) {
    const count = histogram.counts[at] ?? 0;
    if (count > 0 && below + count >= rank) {
      const start = at === 0 ? 0 : (bounds[at - 1] ?? 0);
      return start + ((bound - start) * (rank - below)) / count;
    }
    below += count;
  }
  return bounds.at(-1) ?? null;
}
