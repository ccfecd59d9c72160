// Where the installation is, and in it python/tunicorn: the scripts that Node processes start lie there.

import path from 'node:path';
import { fileURLToPath } from 'node:url';

const here = path.dirname(fileURLToPath(import.meta.url));

/** Seen from dist/; from dist/bundle/; and from build/src/, the tests' build. */
export const INSTALLATION_DIR: string = path.resolve(
  here,
  ['src', 'bundle'].includes(path.basename(here)) ? '../..' : '..',
);
export const PYTHON_DIR: string = path.join(INSTALLATION_DIR, 'python');
