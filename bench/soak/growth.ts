// Decides whether a quantity grows. The first third of a run is for warming up: caches fill, code is compiled, heaps find their size. Then
// the median of the last third may exceed that of the middle third by no more than a tolerance. Medians ignore the peaks of a reload and
// the saw teeth of a garbage collector; a leak raises them both, and the later one more.

export interface Point {
  readonly atMs: number;
  readonly value: number;
}

/** The larger of both counts. */
export interface Tolerance {
  readonly share: number;
  readonly atLeast: number;
}

export interface Verdict {
  readonly middle: number;
  readonly last: number;
  /** The largest median that the last third may have. */
  readonly limit: number;
  readonly grows: boolean;
  /** The slope of a line through the last two thirds; always steep in a short run. */
  readonly perHour: number;
}

const pointsNeeded = 5;

/** Undefined if there are too few points to tell. */
export function judgeGrowth(points: readonly Point[], endMs: number, tolerance: Tolerance): Verdict | undefined {
  const middleThird = points.filter(({ atMs }) => atMs >= endMs / 3 && atMs < (2 * endMs) / 3);
  const lastThird = points.filter(({ atMs }) => atMs >= (2 * endMs) / 3 && atMs <= endMs);
  if (middleThird.length < pointsNeeded || lastThird.length < pointsNeeded) return undefined;
  const middle = median(middleThird.map(({ value }) => value));
  const last = median(lastThird.map(({ value }) => value));
  const limit = middle + Math.max(tolerance.atLeast, middle * tolerance.share);
  return { middle, last, limit, grows: last > limit, perHour: slopePerHour([...middleThird, ...lastThird]) };
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((left, right) => left - right);
  return sorted[Math.floor((sorted.length - 1) / 2)] ?? Number.NaN;
}

/** Theil and Sen's line: the median slope of pairs of points, here of each with the one half the time later. */
function slopePerHour(points: readonly Point[]): number {
  const half = Math.floor(points.length / 2);
  const slopes = points.slice(0, half).flatMap((early, index) => {
    const late = points[index + half];
    return late === undefined ? [] : [(late.value - early.value) / (late.atMs - early.atMs)];
  });
  return median(slopes) * 3_600_000;
}
