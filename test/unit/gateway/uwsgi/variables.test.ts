// The variables of a uwsgi packet: their form and number.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Refusal } from '../../../../src/gateway/http1/refusal.ts';
import { parseVariables } from '../../../../src/gateway/uwsgi/variables.ts';
import { GET_SEEN, type Variable, variablesBlock } from '../../../harness/clients/uwsgi-packet.ts';

function problemOf(bytes: Buffer): string | null {
  const variables = parseVariables(bytes);
  return variables instanceof Refusal ? variables.logMessage : null;
}

test('variables keep their order, bytes and repetitions; names and values may be empty', () => {
  const variables: Variable[] = [...GET_SEEN, ['', ''], ['HTTP_X', 'caf\xe9\0'], ['HTTP_X', 'again']];
  assert.deepEqual(parseVariables(variablesBlock(variables)), variables);
  assert.deepEqual(parseVariables(Buffer.alloc(0)), []);
});

test('a block that ends in the middle of a variable is refused, wherever it ends', () => {
  const whole = variablesBlock([
    ['A', 'bc'],
    ['DE', 'f'],
  ]);
  const problems = Array.from(whole, (_, length) => problemOf(whole.subarray(0, length)));
  const [keySize, key, valueSize, value] = ['key size', 'key', 'value size', 'value'].map(
    (what) => `Invalid uWSGI header: truncated ${what}`,
  );
  const first = [null, keySize, key, valueSize, valueSize, value, value];
  assert.deepEqual(problems, [...first, null, keySize, key, key, valueSize, valueSize, value]);
});

test('a length that reaches beyond the block is refused', () => {
  assert.match(problemOf(Buffer.from('ffff41', 'hex')) ?? '', /truncated key$/);
  assert.match(problemOf(Buffer.from('010041ffff42', 'hex')) ?? '', /truncated value$/);
});

test('a packet has at most 1000 variables', () => {
  const many = Array.from({ length: 1001 }, (_, index): Variable => [`V${index}`, '']);
  assert.equal(problemOf(variablesBlock(many.slice(1))), null);
  assert.equal(problemOf(variablesBlock(many)), 'Invalid uWSGI header: too many variables');
});
