// When the proxy received a request, from its field X-Request-Start: nginx writes `t=` and seconds with decimals, others write
// milliseconds or microseconds since 1970. Pure.

const FIELD = '\0HTTP_X_REQUEST_START\0';
/** Seconds of this century have 10 digits, milliseconds 13, microseconds 16. */
const SECONDS_BELOW = 1e11;
const MILLISECONDS_BELOW = 1e14;
/** A clock that differs more than this cannot be believed. */
const BELIEVABLE_MS = 3_600_000;

/** Milliseconds since 1970, or null if the fields have no plausible time. `fields` are NUL-separated environ pairs. */
export function requestStartMs(fields: string): number | null {
  // A value may look like the field's name; then a name follows it, and never a number.
  for (let at = fields.indexOf(FIELD); at >= 0; at = fields.indexOf(FIELD, at + 1)) {
    const start = at + FIELD.length;
    const end = fields.indexOf('\0', start);
    const ms = toMs(fields.slice(start, end < 0 ? fields.length : end));
    if (ms !== null) return ms;
  }
  return null;
}

function toMs(value: string): number | null {
  const found = /^(?:t=)?([0-9]+(?:\.[0-9]+)?)$/.exec(value.trim());
  if (found === null) return null;
  const number = Number(found[1]);
  if (number < SECONDS_BELOW) return number * 1000;
  return number < MILLISECONDS_BELOW ? number : number / 1000;
}

/** How long ago that was; 0 for a clock that is ahead, or hours behind. */
export function upstreamWaitMs(startMs: number | null, nowMs: number): number {
  if (startMs === null) return 0;
  const waitMs = nowMs - startMs;
  return waitMs > 0 && waitMs < BELIEVABLE_MS ? waitMs : 0;
}
