// Where python/tunicorn is: the scripts that Node processes start lie there.

import path from 'node:path';
import { fileURLToPath } from 'node:url';

const here = path.dirname(fileURLToPath(import.meta.url));

/** Seen from dist/, and from build/src/, the tests' build. */
export const PYTHON_DIR: string = path.resolve(here, path.basename(here) === 'src' ? '../..' : '..', 'python');
