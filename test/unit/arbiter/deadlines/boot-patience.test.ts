import assert from 'node:assert/strict';
import test from 'node:test';
import { BootPatience } from '../../../../src/arbiter/deadlines/boot-patience.ts';

test('before any worker has booted, a boot may take as long as timeout', () => {
  assert.equal(new BootPatience().limitMs(3000), 3000);
});

test('an application that has booted before may take many times as long on a busy machine', () => {
  const patience = new BootPatience();
  patience.booted(800);
  patience.booted(300);
  assert.equal(patience.limitMs(3000), 16_000);
  assert.equal(patience.limitMs(30_000), 30_000);
});

test('however quick the first boot was, the next ones get ten seconds', () => {
  const patience = new BootPatience();
  patience.booted(50);
  assert.equal(patience.limitMs(1000), 10_000);
});

test('each boot that was given up doubles the time of the next, up to two minutes', () => {
  const patience = new BootPatience();
  const limits = Array.from({ length: 8 }, () => {
    const limitMs = patience.limitMs(3000);
    patience.tooSlow();
    return limitMs;
  });
  assert.deepEqual(limits, [3000, 6000, 12_000, 24_000, 48_000, 96_000, 120_000, 120_000]);
});

test('a timeout of more than two minutes is the limit itself', () => {
  const patience = new BootPatience();
  patience.tooSlow();
  assert.equal(patience.limitMs(300_000), 300_000);
});

test('a boot that succeeds ends the doubling', () => {
  const patience = new BootPatience();
  patience.tooSlow();
  patience.booted(4000);
  assert.equal(patience.limitMs(3000), 80_000);
  assert.equal(patience.limitMs(100_000), 100_000);
});

test('after a reload, the first boots may take three times as long as those of the generation before', () => {
  const patience = new BootPatience();
  patience.follow(20_000);
  assert.equal(
    patience.limitMs(10_000),
    60_000,
    'an application that boots in 20 s can be reloaded with a timeout of 10 s',
  );
  assert.equal(patience.limitMs(100_000), 100_000);
  patience.follow(50);
  assert.equal(patience.limitMs(1000), 1000, 'a quick application that hangs is given up at timeout');
});
