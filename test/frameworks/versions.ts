// The versions that the page names: those that are pinned, and Python's. Called by write-page.ts and the test of the page.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from '../harness/project.ts';
import type { Versions } from './page.ts';

export function pinnedVersions(): Versions {
  const text = readFileSync(join(root, 'test', 'frameworks', 'requirements.txt'), 'utf8');
  return new Map(
    [...text.matchAll(/^([\w.-]+)==(\S+)$/gm)].map(([, name = '', version = '']) => [name.toLowerCase(), version]),
  );
}

/** `3.11` of the virtual environment there. */
export function pythonVersion(venv: string): string {
  const config = readFileSync(join(venv, 'pyvenv.cfg'), 'utf8');
  return /^version = (\d+\.\d+)/m.exec(config)?.[1] ?? 'unknown';
}
