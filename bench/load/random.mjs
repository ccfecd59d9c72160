/** Random numbers that are the same for the same seed. */

/**
 * Marsaglia's xorshift with 32 bits.
 * @param {number} seed not 0
 * @returns {() => number} above 0, up to 1
 */
export function uniform(seed) {
  let state = seed;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return ((state >>> 0) + 1) / 2 ** 32;
  };
}
