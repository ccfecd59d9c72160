// The header section of a request: the combined meaning of its fields, independent of the request line. request-head.ts reuses the result
// for the next request of the connection.

import { addTransferCodings, type TransferCoding } from '../body/framing.ts';
import { Refusal } from '../refusal.ts';
import { broken } from '../rules.ts';
import { isHostValue } from './authority.ts';
import { type FieldLines, readFieldLines, trimSpace } from './field-lines.ts';
import type { EnvironKey } from './field-names.ts';
import { forwardedScheme } from './forwarded.ts';
import type { HeadRules } from './head-rules.ts';

export interface HeaderBlock {
  /** `HTTP_HOST NUL example.com NUL HTTP_ACCEPT NUL …`; a repeated field is one pair. */
  readonly environFields: string;
  /** For ASGI: `NUL host NUL example.com NUL accept NUL …`, in lower case, each field as received; empty in the other dialect. */
  readonly rawFields: string;
  /** Null: no Content-Length. */
  readonly contentLength: number | null;
  readonly transferCoding: TransferCoding;
  readonly connectionClose: boolean;
  readonly connectionKeepAlive: boolean;
  /** The client offers to switch to another protocol, named by Upgrade. */
  readonly connectionUpgrade: boolean;
  /** The first expectation other than `100-continue`, or else the last one. */
  readonly expect: string | null;
  /** From a forwarder's SCRIPT_NAME field. */
  readonly scriptName: string | null;
  /** From a trusted peer's secure_scheme_headers, or its Forwarded. */
  readonly forwardedScheme: 'http' | 'https' | null;
  readonly host: string | null;
  /** An intermediary may have read different fields. */
  readonly hasSpacedName: boolean;
}

type Draft = { -readonly [Key in keyof HeaderBlock]: HeaderBlock[Key] };

export function parseHeaderBlock(section: string, rules: HeadRules, peerTrusted: boolean): HeaderBlock | Refusal {
  const lines = readFieldLines(section, rules, peerTrusted);
  return lines instanceof Refusal ? lines : toHeaderBlock(lines, rules, peerTrusted);
}

export function toHeaderBlock(lines: FieldLines, rules: HeadRules, peerTrusted: boolean): HeaderBlock | Refusal {
  const block: Draft = {
    environFields: '',
    rawFields: '',
    contentLength: null,
    transferCoding: 'none',
    connectionClose: false,
    connectionKeepAlive: false,
    connectionUpgrade: false,
    expect: null,
    scriptName: null,
    forwardedScheme: null,
    host: null,
    hasSpacedName: lines.hasSpacedName,
  };
  // The last Forwarded counts: the nearest proxy appends its element.
  let nearestScheme: HeaderBlock['forwardedScheme'] = null;
  for (let index = 0; index < lines.names.length; index += 1) {
    const name = lines.names[index];
    const value = lines.values[index];
    if (name === undefined || value === undefined) break;
    if (name.secureValue !== null && peerTrusted) {
      const scheme = value === name.secureValue ? 'https' : 'http';
      if (block.forwardedScheme !== null && block.forwardedScheme !== scheme) {
        return broken('scheme-contradiction', '');
      }
      block.forwardedScheme = scheme;
    }
    switch (name.role) {
      case 'ordinary':
        break;
      case 'host':
        if (!isHostValue(value)) return broken('host-value', value);
        block.host = value;
        break;
      case 'script-name':
        block.scriptName = value;
        break;
      case 'forwarded': {
        if (!peerTrusted) break;
        const scheme = forwardedScheme(value);
        if (scheme instanceof Refusal) return scheme;
        nearestScheme = scheme;
        break;
      }
      case 'connection':
        applyConnection(block, value);
        break;
      case 'expect':
        if (block.expect === null || isContinue(block.expect)) block.expect = value;
        break;
      case 'content-length': {
        const length = parseContentLength(value);
        if (length === null) return broken('content-length-value', name.name);
        if (block.contentLength !== null) return broken('content-length-twice', name.name);
        block.contentLength = length;
        break;
      }
      case 'transfer-encoding': {
        const coding = addTransferCodings(block.transferCoding, value);
        if (coding instanceof Refusal) return coding;
        block.transferCoding = coding;
        break;
      }
    }
  }
  if (nearestScheme !== null) {
    if (block.forwardedScheme !== null && block.forwardedScheme !== nearestScheme) {
      return broken('scheme-contradiction', '');
    }
    block.forwardedScheme = nearestScheme;
  }
  block.environFields = joinEnvironFields(lines);
  if (rules.dialect === 'asgi') block.rawFields = joinRawFields(lines);
  return block;
}

export function isContinue(expectation: string): boolean {
  return expectation.toLowerCase() === '100-continue';
}

/** Only digits (RFC 9110 section 8.6), and a number that is represented exactly. */
function parseContentLength(value: string): number | null {
  if (!/^[0-9]+$/.test(value)) return null;
  const length = Number(value);
  return Number.isSafeInteger(length) ? length : null;
}

/** Connection is a list of case-insensitive options, over all fields of that name (RFC 9110 section 7.6.1). */
function applyConnection(block: Draft, value: string): void {
  for (const option of value.toLowerCase().split(',')) {
    const token = trimSpace(option);
    if (token === 'close') block.connectionClose = true;
    else if (token === 'keep-alive') block.connectionKeepAlive = true;
    else if (token === 'upgrade') block.connectionUpgrade = true;
  }
}

function joinRawFields({ names, values }: FieldLines): string {
  let joined = '';
  for (let index = 0; index < names.length; index += 1) joined += `${names[index]?.asRaw}${values[index]}`;
  return joined;
}

/** Repeated fields, and fields that differ only in `-` and `_`, share a pair: their values are joined in order. */
function joinEnvironFields(lines: FieldLines): string {
  const keys: EnvironKey[] = [];
  const values: string[] = [];
  for (let index = 0; index < lines.names.length; index += 1) {
    const key = lines.names[index]?.environKey;
    const value = lines.values[index];
    if (key === undefined || value === undefined) break;
    if (key.parse === lines.parse) {
      values[key.slot] += key.separator + value;
    } else {
      key.parse = lines.parse;
      key.slot = keys.length;
      keys.push(key);
      values.push(value);
    }
  }
  let joined = '';
  for (let slot = 0; slot < keys.length; slot += 1) {
    const pair = `${keys[slot]?.withNul}${values[slot]}`;
    joined = slot === 0 ? pair : `${joined}\0${pair}`;
  }
  return joined;
}
