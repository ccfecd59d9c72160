// Local time in log lines, as Gunicorn writes it: one form for the error log, one for the access log. Pure except for a cache: many
// lines are written per second, and looking up the time zone's offset is slow.

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

/** `[2026-11-20 23:40:06 +0000]` */
export const errorLogTime: (nowMs: number) => string = cachedForASecond(
  (at) => `[${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())} ${clock(at)} ${offset(at)}]`,
);

/** `[20/Nov/2026:23:40:06 +0000]` */
export const accessLogTime: (nowMs: number) => string = cachedForASecond(
  (at) => `[${two(at.getDate())}/${MONTHS[at.getMonth()]}/${at.getFullYear()}:${clock(at)} ${offset(at)}]`,
);

function cachedForASecond(format: (at: Date) => string): (nowMs: number) => string {
  let second = Number.NaN;
  let text = '';
  return (nowMs) => {
    const wanted = Math.floor(nowMs / 1000);
    if (wanted !== second) {
      second = wanted;
      text = format(new Date(nowMs));
    }
    return text;
  };
}

function clock(at: Date): string {
  return `${two(at.getHours())}:${two(at.getMinutes())}:${two(at.getSeconds())}`;
}

function offset(at: Date): string {
  // getTimezoneOffset() has the opposite sign: minutes from local time to UTC.
  const minutes = -at.getTimezoneOffset();
  const size = Math.abs(minutes);
  return `${minutes < 0 ? '-' : '+'}${two(Math.floor(size / 60))}${two(size % 60)}`;
}

function two(number: number): string {
  return number < 10 ? `0${number}` : String(number);
}
