// The corpus in test/corpus/http, against the parsers alone: whole, byte by byte, and cut at every offset.

import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import type { HeadRulesOptions } from '../../src/gateway/http/head-rules.ts';
import { byteByByte, converse, type Exchange, type Outcome } from './http-conversation.ts';

interface Case {
  readonly name: string;
  readonly raw: string;
  readonly settings: HeadRulesOptions & { readonly proxy_protocol?: string };
  readonly requests?: readonly Exchange[];
  readonly error?: string;
}

// The PROXY protocol comes before HTTP on a connection; this parser never sees it.
const NEEDS_PROXY_PROTOCOL = ['valid/pp_01', 'valid/pp_03', 'valid/pp_04', 'valid/pp_05', 'invalid/pp_01'];
const CASES = 94;
// A long case is cut at every offset near its beginning and its end, and at regular steps between.
const CUT_EVERYWHERE_BYTES = 600;

const cases = JSON.parse(readFileSync(join(projectRoot(), 'test/corpus/http/requests.json'), 'utf8')) as Case[];
const played = cases.filter((one) => one.settings.proxy_protocol === undefined);

test('the corpus is complete, and only the cases of the PROXY protocol are left out', () => {
  assert.equal(cases.length, CASES);
  const leftOut = cases.filter((one) => !played.includes(one)).map((one) => one.name);
  assert.deepEqual(leftOut.sort(), [...NEEDS_PROXY_PROTOCOL].sort());
});

for (const one of played) {
  const bytes = Buffer.from(one.raw, 'base64');
  const expected = one.error ?? 'no error';

  test(`${one.name} has the outcome of the corpus: ${expected}`, () => {
    const outcome = converse(bytes, [], one.settings);
    assert.equal(outcome.error, one.error ?? null);
    if (one.requests !== undefined) assert.deepEqual(outcome.requests, one.requests);
  });

  test(`${one.name} has the same outcome byte by byte and cut at every offset`, () => {
    const whole: Outcome = converse(bytes, [], one.settings);
    assert.deepEqual(converse(bytes, byteByByte(), one.settings), whole);
    for (const offset of cutsOf(bytes.length)) {
      assert.deepEqual(converse(bytes, [offset], one.settings), whole, `cut at ${offset}`);
    }
  });
}

function* cutsOf(length: number): Generator<number> {
  const stride = Math.max(1, Math.floor(length / CUT_EVERYWHERE_BYTES));
  for (let offset = 1; offset < length; offset += 1) {
    if (offset < 64 || offset > length - 64 || offset % stride === 0) yield offset;
  }
}

function projectRoot(): string {
  let folder = dirname(fileURLToPath(import.meta.url));
  while (!existsSync(join(folder, 'package.json'))) folder = dirname(folder);
  return folder;
}
