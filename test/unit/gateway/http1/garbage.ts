// Finds out whether an object is still reachable. A process can run the garbage collector without --expose-gc on its command line.

import assert from 'node:assert/strict';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/** Resolves when everything that nothing holds has been collected. */
export async function collectGarbage(): Promise<void> {
  // The target of a WeakRef stays alive until the end of the job that made it.
  await new Promise(setImmediate);
  setFlagsFromString('--expose-gc');
  const gc: unknown = runInNewContext('gc');
  assert.ok(typeof gc === 'function');
  gc();
}
