// The fields of a request head one by one, as the parser kept them: names in upper case, repeated fields separate.

import { readFieldLines } from '../../src/gateway/http1/head/field-lines.ts';
import type { HeadRules } from '../../src/gateway/http1/head/head-rules.ts';
import { Refusal } from '../../src/gateway/http1/refusal.ts';

export type Fields = readonly (readonly [name: string, value: string])[];

/** `text` is an accepted head: request line and field lines, without the final CRLF CRLF. */
export function keptFields(text: string, rules: HeadRules, peerTrusted: boolean): Fields {
  const lineEnd = text.indexOf('\r\n');
  const section = lineEnd < 0 ? '' : text.slice(lineEnd + 2);
  const lines = readFieldLines(section, rules, peerTrusted);
  if (lines instanceof Refusal) throw new Error(`refused when read again: ${lines.logMessage}`);
  return lines.names.map((name, index) => [name.name, lines.values[index] ?? ''] as const);
}
