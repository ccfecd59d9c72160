/** Paths. */
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const BENCH = dirname(fileURLToPath(import.meta.url));
export const ROOT = dirname(BENCH);
export const APPS = join(BENCH, 'apps');
export const CHARTS = join(BENCH, 'charts');
export const RESULTS = join(BENCH, 'results');
export const LOGS = join(RESULTS, 'logs');
export const VENV = join(BENCH, '.venv');
export const VENV_PYTHON = join(VENV, 'bin', 'python');
export const TUNICORN = join(ROOT, 'bin', 'tunicorn');
