/** Order statistics over lists of numbers. */

/**
 * @param {readonly number[]} values
 * @param {number} fraction 0.5 for the median, 1 for the maximum
 * @returns {number} the smallest value that at least this fraction of all values do not exceed; NaN for no values
 */
export function percentile(values, fraction) {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(fraction * sorted.length) - 1)] ?? Number.NaN;
}

/**
 * @param {readonly number[]} values
 * @returns {number}
 */
export function median(values) {
  return percentile(values, 0.5);
}

/**
 * @param {readonly number[]} values
 * @returns {number} NaN for no values
 */
export function maximum(values) {
  return percentile(values, 1);
}
