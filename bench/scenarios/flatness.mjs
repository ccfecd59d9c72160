/** Whether a server is flat: whether it does as much at the far end of a series as at a usual point. */

/** @typedef {'connections' | 'workers' | 'response-bodies' | 'request-bodies'} SeriesName */
/** @typedef {{ server: string, title: string, failure?: string | undefined, unitsPerSecond: number }} FlatnessRow */
/** @typedef {{ name: SeriesName, unit: string, points: readonly { at: number, rows: readonly FlatnessRow[] }[] }} FlatnessSeries */

const KIB = 1024;
const MIB = 1024 * KIB;
/** At the far end a server keeps this much of what it does at the point with which it is compared. */
const FLAT = 0.8;

/**
 * Where a series is looked at: what it does at `far` is compared with what it does at `near`.
 * @type {{ series: SeriesName, near: number, far: number }[]}
 */
const FLATNESS = [
  { series: 'connections', near: 100, far: 10_000 },
  { series: 'workers', near: 2, far: 32 },
  { series: 'response-bodies', near: MIB, far: 64 * MIB },
  { series: 'request-bodies', near: MIB, far: 64 * MIB },
];

/**
 * @param {readonly FlatnessSeries[]} all
 * @param {string} own the server that has the goals
 * @returns {import('../goals.mjs').Verdict[]}
 */
export function judgeFlatness(all, own) {
  return FLATNESS.flatMap(({ series: name, near, far }) => judgePair(all, own, name, near, far));
}

/**
 * @param {readonly FlatnessSeries[]} all
 * @param {string} own
 * @param {SeriesName} name
 * @param {number} near
 * @param {number} far
 * @returns {import('../goals.mjs').Verdict[]} one, or none if a point was not measured
 */
function judgePair(all, own, name, near, far) {
  const series = all.find((each) => each.name === name);
  const rowAt = (/** @type {number} */ at) =>
    series?.points.find((point) => point.at === at)?.rows.find((row) => row.server === own);
  const [first, last] = [rowAt(near), rowAt(far)];
  if (series === undefined || first === undefined || last === undefined) return [];
  const goal =
    `${last.title}: flat; ${series.unit} with ${describePoint(name, far)} at least ${FLAT} × those with ` +
    describePoint(name, near);
  const ratio = last.unitsPerSecond / first.unitsPerSecond;
  if (last.failure !== undefined) return [{ goal, reached: last.failure, met: false }];
  if (!Number.isFinite(ratio)) return [{ goal, reached: first.failure ?? 'not measured', met: undefined }];
  return [{ goal, reached: `${ratio.toFixed(2)} ×`, met: ratio >= FLAT }];
}

/**
 * @param {number} bytes
 * @returns {string}
 */
export function formatBytes(bytes) {
  if (bytes >= MIB) return `${bytes / MIB} MiB`;
  return bytes >= KIB ? `${bytes / KIB} KiB` : `${bytes} B`;
}

/**
 * @param {SeriesName} name
 * @param {number} at
 * @returns {string} for example "10,000 connections"
 */
export function describePoint(name, at) {
  if (name === 'connections') return `${at.toLocaleString('en')} connections`;
  if (name === 'workers') return `${at} workers`;
  return `${name === 'response-bodies' ? 'responses' : 'requests'} of ${formatBytes(at)}`;
}
