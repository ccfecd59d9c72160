// The requirements of a soak, and whether they were met.

import { judgeGrowth, type Tolerance, type Verdict } from './growth.ts';
import type { Quantity, Series } from './recorder.ts';
import type { ServerResult, SoakResult } from './soak.ts';

/** In a shorter run heaps have not found their size before the last third: only coarse leaks show. */
const longRunMs = 8 * 60_000;

/** A gateway has a descriptor for each current client, and on a busy machine visits take longer. */
const tolerances: Readonly<Record<Quantity, { readonly long: Tolerance; readonly short: Tolerance }>> = {
  'resident memory': { long: { share: 0.1, atLeast: 5 }, short: { share: 0.4, atLeast: 40 } },
  'proportional memory': { long: { share: 0.1, atLeast: 5 }, short: { share: 0.4, atLeast: 40 } },
  descriptors: { long: { share: 0.2, atLeast: 6 }, short: { share: 0.3, atLeast: 10 } },
  sockets: { long: { share: 0.2, atLeast: 6 }, short: { share: 0.3, atLeast: 10 } },
  threads: { long: { share: 0.1, atLeast: 1 }, short: { share: 0.3, atLeast: 4 } },
  processes: { long: { share: 0.2, atLeast: 1 }, short: { share: 0.5, atLeast: 3 } },
  zombies: { long: { share: 0, atLeast: 1 }, short: { share: 0, atLeast: 1 } },
  'runtime files': { long: { share: 0, atLeast: 2 }, short: { share: 0.3, atLeast: 8 } },
  'spool files': { long: { share: 0, atLeast: 2 }, short: { share: 0.5, atLeast: 5 } },
};

export interface SeriesVerdict extends Verdict {
  readonly series: Series;
}

export function judgeSeries({ series, lastedMs }: SoakResult): SeriesVerdict[] {
  const which = lastedMs < longRunMs ? 'short' : 'long';
  return series.flatMap((each) => {
    const verdict = judgeGrowth(each.points, lastedMs, tolerances[each.quantity][which]);
    return verdict === undefined ? [] : [{ series: each, ...verdict }];
  });
}

/** Empty if all requirements are met. */
export function faultsOf(result: SoakResult): string[] {
  const growing = judgeSeries(result).filter(({ grows }) => grows);
  return [...growing.map(describeGrowth), ...result.servers.flatMap(faultsOfServer)];
}

function describeGrowth({ series, middle, last, limit }: SeriesVerdict): string {
  const medians = `${middle.toFixed(1)} in the middle third, ${last.toFixed(1)} in the last (limit ${limit.toFixed(1)})`;
  return `${series.server}: ${series.quantity} of the ${series.owner} grows: ${medians}`;
}

function faultsOfServer({ name, tally, complaints }: ServerResult): string[] {
  const { failed, right } = tally.total();
  return [
    ...(right === 0 ? [`${name}: no request was answered`] : []),
    ...(failed === 0 ? [] : [`${name}: ${failed} visits failed for no reason that the soak gave`]),
    ...tally.failures.map((failure) => `${name}: at ${failure}`),
    ...complaints.map((complaint) => `${name}: ${complaint}`),
  ];
}
