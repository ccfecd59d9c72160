// Files of zeros, of any size.

import assert from 'node:assert/strict';
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { writeZeros } from '../../../src/runqueue/zeros.ts';

const folder = mkdtempSync(join(tmpdir(), 'tunicorn-zeros-'));
after(() => rmSync(folder, { recursive: true }));

test('writeZeros() writes as many zeros as are wanted', () => {
  for (const bytes of [0, 1, 65_535, 65_536, 65_537, 3 * 65_536 + 5, 66_000_000]) {
    const file = join(folder, String(bytes));
    const fd = openSync(file, 'wx');
    writeZeros(fd, bytes);
    closeSync(fd);
    assert.ok(readFileSync(file).equals(Buffer.alloc(bytes)), String(bytes));
    rmSync(file);
  }
});

test('writeZeros() throws if there is no room', () => {
  const fd = openSync('/dev/full', 'w');
  assert.throws(() => writeZeros(fd, 100_000), { code: 'ENOSPC' });
  closeSync(fd);
});
