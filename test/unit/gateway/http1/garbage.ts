// Whether something is still held: tests ask the garbage collector, which a process can do without --expose-gc on its command line.

import assert from 'node:assert/strict';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/** Resolves when everything that nothing holds has been collected. */
export async function collectGarbage(): Promise<void> {
  // What a WeakRef refers to stays until the end of the job that made it.
  await new Promise(setImmediate);
  setFlagsFromString('--expose-gc');
  const gc: unknown = runInNewContext('gc');
  assert.ok(typeof gc === 'function');
  gc();
}
