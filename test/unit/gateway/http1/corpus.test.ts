// The corpus in test/corpus/http, against the parsers alone: whole, byte by byte, and cut at every offset.

import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { byteByByte, type ConversationSettings, converse, type Exchange, type Outcome } from './conversation.ts';

interface Case {
  readonly name: string;
  readonly raw: string;
  readonly settings: ConversationSettings;
  readonly requests?: readonly Exchange[];
  readonly error?: string;
}

const CASES = 94;
// A long case is cut at every offset near its beginning and its end, and at regular steps between.
const CUT_EVERYWHERE_BYTES = 600;

const cases = JSON.parse(readFileSync(join(projectRoot(), 'test/corpus/http/requests.json'), 'utf8')) as Case[];

test('the corpus is complete', () => assert.equal(cases.length, CASES));

for (const one of cases) {
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
