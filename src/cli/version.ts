// Tunicorn's version, from package.json.

import { readFileSync } from 'node:fs';
import { z } from 'zod';

export function readVersion(): string {
  // src/cli and dist/cli both lie two folders below package.json.
  const text = readFileSync(new URL('../../package.json', import.meta.url), 'utf8');
  return z.object({ version: z.string() }).parse(JSON.parse(text)).version;
}
