// The cases of test/conformance/requests against the parser alone: whole, byte by byte, and cut at every offset.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { percentDecode } from '../../src/gateway/http1/head/percent-decode.ts';
import { RULES } from '../../src/gateway/http1/rules.ts';
import { headRules } from '../harness/gateway-settings.ts';
import { type Ending, parseCases, type RequestCase, readCases, type Sight } from './case-file.ts';
import { byteByByte, type OwnOutcome, type OwnParserOptions, type OwnRequest, parseInPieces } from './own-parser.ts';

const CASES_AT_LEAST = 380;
// Long cases are cut only near their ends and at some places in between.
const CUT_EVERYWHERE_BYTES = 400;

const cases = readCases();

test('there are as many cases as there were, each with a name of its own', () => {
  assert.ok(cases.length >= CASES_AT_LEAST, String(cases.length));
  assert.equal(new Set(cases.map((one) => one.name)).size, cases.length);
});

test('every rule has a case that breaks it', () => {
  const broken = new Set(cases.flatMap(({ ending }) => (ending.kind === 'refuses' ? [ending.rule] : [])));
  assert.deepEqual([...broken].sort(), Object.keys(RULES).sort());
});

test('parseCases() names the line that it does not understand', () => {
  assert.throws(() => parseCases('[a]\nwhy: x\nnonsense\n', 'f.txt'), /f\.txt:3: not understood: nonsense/);
  assert.throws(() => parseCases('[a]\nwhy: x\nsend:\n    y\n', 'f.txt'), /\[a\] lacks/);
});

for (const one of cases) {
  test(`${one.name}: the parser ${verdict(one.ending)}`, () => {
    const options = optionsOf(one);
    const whole = parseInPieces(options, one.bytes, []);
    assert.deepEqual(endingOf(whole), one.ending, one.why);
    assert.equal(whole.requests.length, one.sees.length);
    for (const [index, sight] of one.sees.entries()) checkSight(whole.requests[index], sight);
    const summary = summaryOf(whole);
    assert.deepEqual(summaryOf(parseInPieces(options, one.bytes, byteByByte())), summary, 'byte by byte');
    for (const offset of cutsOf(one.bytes.length)) {
      assert.deepEqual(summaryOf(parseInPieces(options, one.bytes, [offset])), summary, `cut at ${offset}`);
    }
  });
}

function verdict(ending: Ending): string {
  return ending.kind === 'refuses' ? `refuses it by ${ending.rule}` : ending.kind;
}

function optionsOf(one: RequestCase): OwnParserOptions {
  const rules = headRules(one.settings);
  return { rules, peerTrusted: rules.trustedPeers.trusts('127.0.0.1') };
}

function endingOf({ end }: OwnOutcome): Ending {
  if (end.kind === 'open') return { kind: 'keeps' };
  if (end.kind === 'closed') return { kind: 'closes' };
  if (end.kind === 'unfinished') return { kind: 'waits' };
  const { status, code, rule } = end.refusal;
  return { kind: 'refuses', status, code, rule: rule ?? 'none' };
}

/** Everything except the text of a refusal, which may quote as much of a line as had arrived. */
function summaryOf(outcome: OwnOutcome): unknown {
  return [outcome.requests, endingOf(outcome)];
}

function checkSight(request: OwnRequest | undefined, sight: Sight): void {
  assert.ok(request !== undefined);
  const { head } = request;
  assert.deepEqual([head.method, head.target, request.body], [sight.method, sight.target, sight.body]);
  const environ = new Map([
    ['REQUEST_METHOD', head.method],
    ['PATH_INFO', percentDecode(head.path)],
    ['QUERY_STRING', head.query],
    ['SERVER_PROTOCOL', head.protocol],
    ['SCRIPT_NAME', head.scriptName],
    ['wsgi.url_scheme', head.scheme],
  ]);
  const parts = head.headerFields === '' ? [] : head.headerFields.split('\0');
  for (let index = 0; index < parts.length; index += 2) environ.set(parts[index] ?? '', parts[index + 1] ?? '');
  for (const [name, value] of sight.environ) assert.equal(environ.get(name), value, name);
  for (const name of sight.absent) assert.equal(environ.get(name), undefined, name);
}

function* cutsOf(length: number): Generator<number> {
  const stride = Math.max(1, Math.floor(length / CUT_EVERYWHERE_BYTES));
  for (let offset = 1; offset < length; offset += 1) {
    if (offset < 40 || offset > length - 40 || offset % stride === 0) yield offset;
  }
}
