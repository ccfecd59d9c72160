// Tunicorn's version, from package.json.

import { readFileSync } from 'node:fs';
import path from 'node:path';
import * as z from 'zod';
import { INSTALLATION_DIR } from '../python-dir.ts';

export function readVersion(): string {
  const text = readFileSync(path.join(INSTALLATION_DIR, 'package.json'), 'utf8');
  return z.object({ version: z.string() }).parse(JSON.parse(text)).version;
}
