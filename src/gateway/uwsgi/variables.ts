// The variables of a uwsgi packet: name and value, each with its length as a 16-bit little-endian number before it. Pure.

import { latin1Text } from '../../runqueue/latin1.ts';
import { Refusal } from '../http1/refusal.ts';

/** In the order of the packet, in ISO-8859-1. */
export type Variables = readonly (readonly [name: string, value: string])[];

const LENGTH_BYTES = 2;
/** Gunicorn's bound. */
const MAX_VARIABLES = 1000;

export function parseVariables(bytes: Buffer): Variables | Refusal {
  const variables: (readonly [string, string])[] = [];
  let at = 0;
  while (at < bytes.length) {
    if (variables.length >= MAX_VARIABLES) return malformed('too many variables');
    const nameAt = at + LENGTH_BYTES;
    if (nameAt > bytes.length) return malformed('truncated key size');
    const nameEnd = nameAt + bytes.readUInt16LE(at);
    if (nameEnd > bytes.length) return malformed('truncated key');
    const valueAt = nameEnd + LENGTH_BYTES;
    if (valueAt > bytes.length) return malformed('truncated value size');
    const valueEnd = valueAt + bytes.readUInt16LE(nameEnd);
    if (valueEnd > bytes.length) return malformed('truncated value');
    variables.push([latin1Text(bytes, nameAt, nameEnd), latin1Text(bytes, valueAt, valueEnd)]);
    at = valueEnd;
  }
  return variables;
}

export function malformed(problem: string): Refusal {
  return new Refusal('InvalidUwsgiHeader', problem);
}
