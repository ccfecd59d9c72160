// The versions on the page: the pinned ones, and Python's.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from '../harness/project.ts';
import type { Versions } from './page.ts';

/** Evaluates the markers of the requirements, which are all about the version of Python. */
export function pinnedVersions(python: string): Versions {
  const lines = readFileSync(join(root, 'test', 'frameworks', 'requirements.txt'), 'utf8').split('\n');
  const pins = lines.flatMap((line) => {
    const [, name = '', version = '', marker] = /^([\w.-]+)==([^;\s]+)(?:; python_version (.+))?$/.exec(line) ?? [];
    return name !== '' && holds(marker, python) ? [[name.toLowerCase(), version] as const] : [];
  });
  return new Map(pins);
}

function holds(marker: string | undefined, python: string): boolean {
  if (marker === undefined) return true;
  const [, comparison, minor] = /^(>=|<) "3\.(\d+)"$/.exec(marker) ?? [];
  const isAtLeast = Number(python.split('.')[1]) >= Number(minor);
  return comparison === '>=' ? isAtLeast : !isAtLeast;
}

/** `3.11` of the virtual environment there. */
export function pythonVersion(venv: string): string {
  const config = readFileSync(join(venv, 'pyvenv.cfg'), 'utf8');
  return /^version = (\d+\.\d+)/m.exec(config)?.[1] ?? 'unknown';
}
