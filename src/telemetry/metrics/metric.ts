// A metric: declared once with its name, kind, unit, meaning and labels, and how to find its samples in a snapshot. The text for Prometheus
// and the page docs/metrics.md are made from the declarations.

import type { HistogramCounts } from '../snapshot/histogram.ts';
import type { Snapshot } from '../snapshot/snapshot.ts';

export type Labels = Readonly<Record<string, string>>;

interface Described {
  /** Of the family: without the `_total` of a counter, the `_info` of an info. */
  readonly name: string;
  /** The last word of the name, if it is a unit. */
  readonly unit?: 'seconds' | 'bytes';
  readonly help: string;
  /** The labels of each sample, with their values if they are a fixed set. */
  readonly labels: Readonly<Record<string, readonly string[] | string>>;
}

export interface Sample {
  readonly labels: Labels;
  readonly value: number;
}

export type Metric = Described &
  (
    | { readonly kind: 'counter' | 'gauge' | 'info'; readonly samples: (snapshot: Snapshot) => readonly Sample[] }
    | {
        readonly kind: 'histogram';
        readonly bounds: readonly number[];
        readonly histogram: (snapshot: Snapshot) => HistogramCounts;
      }
  );

/** The name of a sample: that of a histogram has further suffixes. */
export function sampleName({ name, kind }: Pick<Metric, 'name' | 'kind'>): string {
  if (kind === 'counter') return `${name}_total`;
  return kind === 'info' ? `${name}_info` : name;
}
