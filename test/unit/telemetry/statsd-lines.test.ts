// StatsD's metrics as text.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { StatsdLines } from '../../../src/telemetry/statsd-lines.ts';

const plain = new StatsdLines({ prefix: '', tags: '' });

test('each type of metric has the spelling of Gunicorn', () => {
  assert.equal(plain.gauge('gunicorn.workers', 3), 'gunicorn.workers:3|g');
  assert.equal(plain.increment('gunicorn.requests'), 'gunicorn.requests:1|c|@1.0');
  assert.equal(plain.histogram('gunicorn.backlog', 12), 'gunicorn.backlog:12|h');
  assert.equal(plain.duration('gunicorn.request.duration', 561), 'gunicorn.request.duration:0.561|ms');
});

test('durations are milliseconds to the microsecond, and always have a decimal, as a float of Python has', () => {
  const shown = (us: number): string => plain.duration('d', us);
  assert.deepEqual([0, 1, 1000, 1500, 2_000_000.9].map(shown), [
    'd:0.0|ms',
    'd:0.001|ms',
    'd:1.0|ms',
    'd:1.5|ms',
    'd:2000.0|ms',
  ]);
});

for (const [prefix, name] of [
  ['', 'n:1|g'],
  ['shop', 'shop.n:1|g'],
  ['shop.', 'shop.n:1|g'],
  ['shop.eu...', 'shop.eu.n:1|g'],
]) {
  test(`the prefix '${prefix}' gives '${name}'`, () => {
    assert.equal(new StatsdLines({ prefix: prefix ?? '', tags: '' }).gauge('n', 1), name);
  });
}

test('tags follow everything else', () => {
  const tagged = new StatsdLines({ prefix: '', tags: 'a:b,c' });
  assert.equal(tagged.increment('n'), 'n:1|c|@1.0|#a:b,c');
  assert.equal(tagged.gauge('n', 1), 'n:1|g|#a:b,c');
});
