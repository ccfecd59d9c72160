// Dates of header fields (RFC 9110 section 5.6.7). Pure.

const FIXED =
  /^(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun), \d\d (?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) \d{4} \d\d:\d\d:\d\d GMT$/;
const OBSOLETE = /^(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day, (\d\d)-([A-Z][a-z]{2})-(\d\d) (\d\d:\d\d:\d\d) GMT$/;
const ASCTIME = /^[A-Z][a-z]{2} ([A-Z][a-z]{2}) ([ \d]\d) (\d\d:\d\d:\d\d) (\d{4})$/;
const CENTURY = 100;
const FUTURE_YEARS = 50;

/** In seconds since 1970, as dates have no fractions; null if the text has none of the three forms. */
export function parseHttpDate(text: string, nowMs: number): number | null {
  if (FIXED.test(text)) return secondsOf(text);
  const obsolete = OBSOLETE.exec(text);
  if (obsolete !== null) {
    const [, day, month, year, time] = obsolete;
    // More than 50 years in the future means the past.
    const thisYear = new Date(nowMs).getUTCFullYear();
    const near = Math.floor(thisYear / CENTURY) * CENTURY + Number(year);
    return secondsOf(`${day} ${month} ${near > thisYear + FUTURE_YEARS ? near - CENTURY : near} ${time} GMT`);
  }
  const asctime = ASCTIME.exec(text);
  if (asctime === null) return null;
  const [, month, day, time, year] = asctime;
  return secondsOf(`${day} ${month} ${year} ${time} GMT`);
}

export function formatHttpDate(seconds: number): string {
  return new Date(seconds * 1000).toUTCString();
}

function secondsOf(text: string): number | null {
  const ms = Date.parse(text);
  return Number.isNaN(ms) ? null : ms / 1000;
}
