// The header fields among the variables of a uwsgi packet: `HTTP_ACCEPT` is Accept; CONTENT_TYPE and CONTENT_LENGTH have no prefix. The
// names, values and limits are those of HTTP. Pure.

import { type FieldLines, NOT_IN_VALUE, trimSpace } from '../http1/head/field-lines.ts';
import type { FieldName } from '../http1/head/field-names.ts';
import type { HeadRules } from '../http1/head/head-rules.ts';
import type { Refusal } from '../http1/refusal.ts';
import { broken } from '../http1/rules.ts';
import type { Variables } from './variables.ts';

export interface UwsgiFields {
  readonly lines: FieldLines;
  /** The client's own Content-Length, which does not say where the body ends: the proxy may have read it from chunks, or not send it. */
  readonly clientLength: string | null;
  /** All variables that are not header fields. */
  readonly others: ReadonlyMap<string, string>;
}

const PREFIX = 'HTTP_';
const CLIENT_LENGTH = 'HTTP_CONTENT_LENGTH';
const CLIENT_TYPE = 'HTTP_CONTENT_TYPE';
/** `: ` and CRLF, with which limit_request_field_size counts a field. */
const LINE_EXTRA_BYTES = 4;

export function readUwsgiFields(variables: Variables, rules: HeadRules): UwsgiFields | Refusal {
  const parse = rules.fieldNames.beginParse();
  const names: FieldName[] = [];
  const values: string[] = [];
  const others = new Map<string, string>();
  const hasType = variables.some(([name, value]) => name === 'CONTENT_TYPE' && value !== '');
  let clientLength: string | null = null;
  for (const [variable, value] of variables) {
    const spelling = fieldNameOf(variable, value, hasType);
    if (variable === CLIENT_LENGTH) clientLength = value;
    if (spelling === null) {
      // nginx sends fields of the client only with the prefix: none can pass for one of these.
      others.set(variable, value);
      continue;
    }
    if (names.length >= rules.limitRequestFields) return broken('fields-count', 'limit request headers fields');
    const name = rules.fieldNames.find(spelling);
    if (name === undefined) return broken('field-name', spelling);
    if (spelling.length + value.length + LINE_EXTRA_BYTES > rules.limitRequestFieldSizeBytes) {
      return broken('field-size', 'limit request headers fields size');
    }
    if (NOT_IN_VALUE.test(value)) return broken('field-value', name.name);
    if (name.singleton && name.parse === parse) {
      return broken(name.role === 'host' ? 'host-twice' : 'content-type-twice', name.name);
    }
    name.parse = parse;
    names.push(name);
    values.push(trimSpace(value));
  }
  return { lines: { names, values, parse, hasSpacedName: false }, clientLength, others };
}

/** Null: not a header field, or one that the proxy states in its own words. */
function fieldNameOf(variable: string, value: string, hasType: boolean): string | null {
  // nginx sends them empty for a request without a body.
  if (variable === 'CONTENT_TYPE') return value === '' ? null : 'CONTENT-TYPE';
  if (variable === 'CONTENT_LENGTH') return value === '' ? null : 'CONTENT-LENGTH';
  if (!variable.startsWith(PREFIX) || variable === CLIENT_LENGTH) return null;
  if (variable === CLIENT_TYPE && hasType) return null;
  // Without an underscore, no field has the role of SCRIPT_NAME: clients can send `Script-Name`.
  return variable.slice(PREFIX.length).replaceAll('_', '-');
}
