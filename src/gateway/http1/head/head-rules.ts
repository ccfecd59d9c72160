// The settings that govern how a request head is read, in the form that the parser wants. Built once per set of
// settings, when the gateway starts or is told new settings, and shared by all connections.

import type { Dialect } from '../../../runqueue/dialect.ts';
import { type TrustedPeers, toTrustedPeers } from '../../accept/trusted-peers.ts';
import { FieldNames } from './field-names.ts';

/** Gunicorn's settings by Gunicorn's names; what is missing has Gunicorn's default. Plain data, fit for JSON. */
export interface HeadRulesOptions {
  readonly limit_request_line?: number;
  readonly limit_request_fields?: number;
  readonly limit_request_field_size?: number;
  readonly permit_obsolete_folding?: boolean;
  readonly strip_header_spaces?: boolean;
  readonly permit_unconventional_http_method?: boolean;
  readonly permit_unconventional_http_version?: boolean;
  readonly casefold_http_method?: boolean;
  readonly header_map?: 'drop' | 'refuse' | 'dangerous';
  readonly forwarder_headers?: string | readonly string[];
  readonly secure_scheme_headers?: Readonly<Record<string, string>>;
  readonly forwarded_allow_ips?: string | readonly string[];
  readonly forwarded_header?: boolean;
  /** The environment variable SCRIPT_NAME: in force where no SCRIPT_NAME field is. */
  readonly script_name?: string;
  /** For ASGI the header fields are wanted as they came, too. */
  readonly dialect?: Dialect;
}

export interface HeadRules {
  /** Bytes, without the CRLF; Infinity when unlimited. */
  readonly limitRequestLine: number;
  readonly limitRequestFields: number;
  /** Bytes of one field line, with its CRLF and its folded continuations. */
  readonly limitRequestFieldSize: number;
  /** Bytes of all field lines together, without the final CRLF CRLF. */
  readonly limitHeaderBlock: number;
  readonly permitObsoleteFolding: boolean;
  readonly stripHeaderSpaces: boolean;
  readonly permitUnconventionalHttpMethod: boolean;
  readonly permitUnconventionalHttpVersion: boolean;
  readonly casefoldHttpMethod: boolean;
  readonly scriptName: string;
  readonly dialect: Dialect;
  readonly trustedPeers: TrustedPeers;
  readonly fieldNames: FieldNames;
}

const MAX_REQUEST_LINE = 8190;
const MAX_FIELDS = 32_768;
const DEFAULT_FIELD_SIZE = 8190;

export function toHeadRules(options: HeadRulesOptions): HeadRules {
  const line = limit('limit_request_line', options.limit_request_line, 4094);
  const fields = limit('limit_request_fields', options.limit_request_fields, 100);
  const fieldSize = limit('limit_request_field_size', options.limit_request_field_size, DEFAULT_FIELD_SIZE);

  // 0: unlimited for the line, as documented. For the size of a field Gunicorn documents the same, but applies its
  // default, and so does this: otherwise nothing would bound the memory that one unfinished head can take.
  const limitRequestFields = fields === 0 ? MAX_FIELDS : Math.min(fields, MAX_FIELDS);
  const limitRequestFieldSize = fieldSize === 0 ? DEFAULT_FIELD_SIZE : fieldSize;
  const forwarderHeaders = list(options.forwarder_headers ?? 'SCRIPT_NAME,PATH_INFO').map((name) => name.toUpperCase());
  return {
    limitRequestLine: line === 0 ? Number.POSITIVE_INFINITY : Math.min(line, MAX_REQUEST_LINE),
    limitRequestFields,
    limitRequestFieldSize,
    limitHeaderBlock: limitRequestFields * (limitRequestFieldSize + 2) + 4,
    permitObsoleteFolding: options.permit_obsolete_folding ?? false,
    stripHeaderSpaces: options.strip_header_spaces ?? false,
    permitUnconventionalHttpMethod: options.permit_unconventional_http_method ?? false,
    permitUnconventionalHttpVersion: options.permit_unconventional_http_version ?? false,
    casefoldHttpMethod: options.casefold_http_method ?? false,
    scriptName: options.script_name ?? '',
    dialect: options.dialect ?? 'wsgi',
    trustedPeers: toTrustedPeers('forwarded_allow_ips', options.forwarded_allow_ips ?? '127.0.0.1,::1'),
    fieldNames: new FieldNames({
      headerMap: options.header_map ?? 'drop',
      forwarderHeaders,
      secureSchemeHeaders: options.secure_scheme_headers ?? {
        'X-FORWARDED-PROTOCOL': 'ssl',
        'X-FORWARDED-PROTO': 'https',
        'X-FORWARDED-SSL': 'on',
      },
      forwardedHeader: options.forwarded_header ?? false,
    }),
  };
}

function limit(setting: string, value: number | undefined, byDefault: number): number {
  if (value === undefined) return byDefault;
  if (!Number.isSafeInteger(value) || value < 0) {
    throw new Error(`${setting}: ${value} is not a whole number of at least 0`);
  }
  return value;
}

function list(value: string | readonly string[]): string[] {
  const entries = typeof value === 'string' ? value.split(',') : [...value];
  return entries.map((entry) => entry.trim()).filter((entry) => entry !== '');
}
