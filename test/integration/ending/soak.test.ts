// A short soak, of the kind that `npm run soak` makes for half an hour.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { otherServer, root } from '../../harness/project.ts';

const seconds = 75;
/** The soak ends long before that. */
const limitMs = 600_000;

test('through reloads and recycled and killed processes, nothing grows, no request fails, and nothing is left behind', {
  timeout: limitMs,
  skip: otherServer && 'only for Tunicorn',
}, async () => {
  const results = mkdtempSync(join(tmpdir(), 'soak-results-'));
  const run = join(root, 'build', 'bench', 'soak', 'run.js');
  const args = ['--enable-source-maps', run, '--minutes', String(seconds / 60), '--results', results];
  const soak = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  for (const stream of [soak.stdout, soak.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      output += text;
    });
  }
  const [code] = await once(soak, 'close');
  assert.equal(code, 0, `${output}\nThe results are in ${results}`);
  assert.match(output, /No fault\./);
  rmSync(results, { recursive: true });
});
