// What a clean root consists of, and where its finished parts are kept between runs.

import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { root } from '../project.ts';

const RELEASE = 'bookworm';
const MIRROR = 'http://deb.debian.org/debian';
/** Python as Debian has it, and what a person types beside it. No Node.js. */
const PACKAGES = ['python3', 'python3-venv', 'ca-certificates', 'curl'];

/** What pip installs from in a clean root: these packages with all that they need, as files. */
const requirements: string = join(root, 'test', 'harness', 'clean-root', 'requirements.txt');

const cacheDir: string = process.env.TUNICORN_TEST_CACHE ?? join(homedir(), '.cache', 'tunicorn-tests');

export const debootstrapArguments: readonly string[] = [
  '--variant=minbase',
  `--include=${PACKAGES.join(',')}`,
  RELEASE,
];
export const mirror: string = MIRROR;

/** The finished file system; it is a lower layer and never written to. */
export const baseDir: string = join(cacheDir, `debian-${hashOf(...debootstrapArguments)}`);
/** The packages of `requirements` as wheels, for the base's Python. */
export const wheelhouseDir: string = join(
  cacheDir,
  `wheels-${hashOf(...debootstrapArguments, readFileSync(requirements, 'utf8'))}`,
);
export { requirements };
/** Tunicorn's own wheel, by `npm run build:wheel`. */
export const ownWheelDir: string = join(root, 'dist', 'wheel');

function hashOf(...parts: readonly string[]): string {
  return createHash('sha256').update(parts.join('\n')).digest('hex').slice(0, 16);
}
