// Reads the cases of test/conformance/requests; the README there describes their form. Pure except for `readCases`.

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { FileValues } from '../harness/gateway-settings.ts';
import { root } from '../harness/project.ts';

/** A request as the application gets it. */
export interface Sight {
  readonly method: string;
  /** RAW_URI. */
  readonly target: string;
  readonly environ: readonly (readonly [name: string, value: string])[];
  readonly absent: readonly string[];
  readonly body: string;
}

export type Ending =
  | { readonly kind: 'keeps' }
  | { readonly kind: 'closes' }
  | { readonly kind: 'waits' }
  | { readonly kind: 'refuses'; readonly status: number; readonly code: string; readonly rule: string };

export interface RequestCase {
  readonly name: string;
  readonly why: string;
  readonly settings: FileValues;
  readonly bytes: Buffer;
  readonly sees: readonly Sight[];
  readonly ending: Ending;
}

const REQUESTS = join(root, 'test', 'conformance', 'requests');

export function readCases(): readonly RequestCase[] {
  const files = readdirSync(REQUESTS).filter((name) => name.endsWith('.txt'));
  return files.sort().flatMap((name) => parseCases(readFileSync(join(REQUESTS, name), 'utf8'), name));
}

interface Draft {
  readonly name: string;
  why: string;
  settings: FileValues;
  sent: string;
  sees: { method: string; target: string; environ: [string, string][]; absent: string[]; body: string }[];
  ending: Ending | undefined;
}

export function parseCases(text: string, file: string): RequestCase[] {
  const cases: RequestCase[] = [];
  let draft: Draft | undefined;
  for (const [index, line] of text.split('\n').entries()) {
    const fail = (problem: string): never => {
      throw new Error(`${file}:${index + 1}: ${problem}: ${line}`);
    };
    if (line === '' || line.startsWith('#')) continue;
    const opening = /^\[([a-z0-9-]+)\]$/.exec(line)?.[1];
    if (opening !== undefined) {
      if (draft !== undefined) cases.push(finished(draft, file));
      draft = { name: opening, why: '', settings: {}, sent: '', sees: [], ending: undefined };
    } else if (draft === undefined) fail('a case begins with its [name]');
    else addLine(draft, line, fail);
  }
  if (draft !== undefined) cases.push(finished(draft, file));
  return cases;
}

function addLine(draft: Draft, line: string, fail: (problem: string) => never): void {
  const sight = draft.sees.at(-1);
  if (line.startsWith('    ')) {
    const rest = line.slice(4);
    if (sight === undefined) draft.sent += rest;
    else if (rest.startsWith('no ')) sight.absent.push(rest.slice(3));
    else {
      const [, name = fail('not `NAME: VALUE`'), value = ''] = /^([^:]+):(?: (.*))?$/.exec(rest) ?? [];
      if (name === 'body') sight.body = unescapeBytes(value);
      else sight.environ.push([name, unescapeBytes(value)]);
    }
    return;
  }
  const [, key, value = ''] = /^([a-z]+):(?: (.*))?$/.exec(line) ?? [];
  switch (key) {
    case 'why':
      draft.why = value;
      break;
    case 'note':
    case 'send':
      break;
    case 'settings':
      draft.settings = JSON.parse(value) as FileValues;
      break;
    case 'sees': {
      const [, method = fail('not `METHOD TARGET`'), target = ''] = /^(\S+) (.*)$/.exec(unescapeBytes(value)) ?? [];
      draft.sees.push({ method, target, environ: [], absent: [], body: '' });
      break;
    }
    case 'then':
      draft.ending = toEnding(value) ?? fail('not an ending');
      break;
    default:
      fail('not understood');
  }
}

function toEnding(text: string): Ending | undefined {
  if (text === 'keeps' || text === 'closes' || text === 'waits') return { kind: text };
  const [, status, code, rule] = /^refuses ([45]\d\d) (\w+) ([a-z0-9-]+)$/.exec(text) ?? [];
  if (status === undefined || code === undefined || rule === undefined) return undefined;
  return { kind: 'refuses', status: Number(status), code, rule };
}

function finished({ name, why, settings, sent, sees, ending }: Draft, file: string): RequestCase {
  if (why === '' || sent === '' || ending === undefined) throw new Error(`${file}: [${name}] lacks why, send or then`);
  return { name, why, settings, bytes: Buffer.from(unescapeBytes(sent), 'latin1'), sees, ending };
}

const NAMED: Readonly<Record<string, string>> = { r: '\r', n: '\n', t: '\t', s: ' ', '0': '\0', '\\': '\\' };

/** One character for each byte. */
export function unescapeBytes(text: string): string {
  if (/[^\x20-\x7e]/.test(text)) throw new Error(`only printable ASCII and escapes: ${JSON.stringify(text)}`);
  const repeated = text.replace(/\{\{(.*?)\*(\d+)\}\}/g, (_, unit: string, count: string) =>
    unit.repeat(Number(count)),
  );
  return repeated.replace(/\\(?:x([0-9a-f]{2})|(.))/g, (_, hex: string | undefined, name: string) => {
    const char = hex === undefined ? NAMED[name] : String.fromCharCode(Number.parseInt(hex, 16));
    if (char === undefined) throw new Error(`no such escape: \\${name}`);
    return char;
  });
}

/** The cases grouped by their settings: each group shares a server. */
export function bySettings<T extends { readonly settings: FileValues }>(
  cases: readonly T[],
): Map<string, readonly T[]> {
  const groups = new Map<string, T[]>();
  for (const one of cases) {
    const key = JSON.stringify(one.settings);
    groups.set(key, [...(groups.get(key) ?? []), one]);
  }
  return groups;
}
