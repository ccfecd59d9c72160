// Compiles the setting `access_log_format` (Gunicorn's atoms in Python's % notation) into a function of a record. Pure.
// Values come from clients, so characters that could end a quoted field or a line are escaped: clients cannot forge entries.

import type { AccessRecord } from './access-record.ts';
import { basicAuthUser } from './basic-auth-user.ts';
import { accessLogTime } from './log-time.ts';

export interface AccessLogFormat {
  /** The line, without its end. `nowMs` is the time of logging. */
  format(record: AccessRecord, nowMs: number): string;
}

export type CompiledAccessLogFormat =
  | { readonly ok: true; readonly format: AccessLogFormat }
  | { readonly ok: false; readonly message: string };

type Atom = (record: AccessRecord, nowMs: number) => string | undefined;

const ATOMS: Readonly<Record<string, Atom>> = {
  h: (record) => escaped(record.remoteAddress),
  l: () => '-',
  u: (record) => escaped(basicAuthUser(record.requestHeader('authorization'))),
  t: (_, nowMs) => accessLogTime(nowMs),
  r: (record) => (record.method === undefined ? undefined : escaped(requestLine(record))),
  s: (record) => (record.status === undefined ? undefined : String(record.status)),
  m: (record) => escaped(record.method),
  U: (record) => escaped(record.path),
  q: (record) => escaped(record.query),
  H: (record) => escaped(record.protocol),
  b: (record) => String(record.bodyBytes),
  B: (record) => String(record.bodyBytes),
  f: (record) => escaped(record.requestHeader('referer')),
  a: (record) => escaped(record.requestHeader('user-agent')),
  T: (record) => String(Math.floor(record.durationUs / 1_000_000)),
  M: (record) => String(Math.floor(record.durationUs / 1000)),
  D: (record) => String(Math.floor(record.durationUs)),
  Q: (record) => String(Math.floor(record.queuedMs)),
  L: (record) => secondsWithMicroseconds(record.durationUs),
  p: (record) => `<${record.pid}>`,
};

// %(name), then Python's flags, width, precision and conversion; or %%; or a % that is neither, which is an error.
const DIRECTIVE = /%(?:\(([^)]*)\)([-0 +#]*)([0-9]*)(?:\.([0-9]+))?([A-Za-z])|(%)|)/g;

export function compileAccessLogFormat(text: string): CompiledAccessLogFormat {
  const pieces: (string | Atom)[] = [];
  let end = 0;
  for (const found of text.matchAll(DIRECTIVE)) {
    const [directive, name, flags = '', width = '', precision, conversion = '', percent] = found;
    pieces.push(text.slice(end, found.index));
    end = found.index + directive.length;
    if (percent !== undefined) {
      pieces.push('%');
      continue;
    }
    const convert = name === undefined ? undefined : conversionOf(conversion, precision);
    if (name === undefined || convert === undefined) return { ok: false, message: refusal(text, found.index) };
    const atom = atomOf(name);
    pieces.push((record, nowMs) => padded(convert(atom(record, nowMs) ?? '-'), flags, Number(width)));
  }
  pieces.push(text.slice(end));
  return { ok: true, format: { format: join(pieces) } };
}

function join(pieces: readonly (string | Atom)[]): AccessLogFormat['format'] {
  return (record, nowMs) => {
    let line = '';
    for (const piece of pieces) line += typeof piece === 'string' ? piece : piece(record, nowMs);
    return line;
  };
}

function atomOf(name: string): Atom {
  const lookup = /^\{(.*)\}([ioe])$/is.exec(name);
  if (lookup !== null) {
    // Gunicorn lowercases the whole name, including the last letter.
    const [, key = '', kind = ''] = lookup.map((part) => part.toLowerCase());
    if (kind === 'i') return (record) => escaped(record.requestHeader(key));
    if (kind === 'o') return (record) => escaped(record.responseHeader(key));
    return (record) => escaped(record.environ(key));
  }
  return Object.hasOwn(ATOMS, name) ? (ATOMS[name] ?? missing) : missing;
}

function missing(): undefined {
  return undefined;
}

/** Undefined for an unsupported conversion. Numeric conversions leave text that is not a number as it is. */
function conversionOf(conversion: string, precision: string | undefined): ((value: string) => string) | undefined {
  if (conversion === 's')
    return precision === undefined ? (value) => value : (value) => value.slice(0, Number(precision));
  if (conversion === 'd' || conversion === 'i')
    return (value) => (isNumber(value) ? String(Math.trunc(Number(value))) : value);
  if (conversion === 'f') return (value) => (isNumber(value) ? Number(value).toFixed(Number(precision ?? 6)) : value);
  return undefined;
}

function isNumber(value: string): boolean {
  return /^-?[0-9]+(?:\.[0-9]+)?$/.test(value);
}

function padded(value: string, flags: string, width: number): string {
  if (width <= value.length) return value;
  if (flags.includes('-')) return value.padEnd(width);
  return value.padStart(width, flags.includes('0') && isNumber(value) ? '0' : ' ');
}

function requestLine(record: AccessRecord): string {
  return `${record.method} ${record.target} ${record.protocol}`;
}

function secondsWithMicroseconds(durationUs: number): string {
  const whole = Math.floor(durationUs / 1_000_000);
  return `${whole}.${String(Math.floor(durationUs) % 1_000_000).padStart(6, '0')}`;
}

// C0, DEL and C1 (terminals may interpret those, too), the quote that ends a field, and the backslash, so that escaping is reversible.
const UNSAFE = /["\\\x00-\x1f\x7f-\x9f]/;
const EACH_UNSAFE = /["\\\x00-\x1f\x7f-\x9f]/g;

function escaped(value: string | undefined): string | undefined {
  if (value === undefined || !UNSAFE.test(value)) return value;
  return value.replace(EACH_UNSAFE, (character) => {
    if (character === '"' || character === '\\') return `\\${character}`;
    return `\\x${character.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`;
  });
}

function refusal(text: string, at: number): string {
  const place = `'${text.slice(at, at + 20)}' at position ${at + 1}`;
  return `access_log_format: ${place} is not a directive. Wanted: %(NAME)s, as in '%(h)s' or '%({x-request-id}i)s', or %%`;
}
