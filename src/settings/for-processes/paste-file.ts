// The arbiter's part of --paste FILE.ini[#NAME]: an application that a Paste file describes. PasteDeploy loads it in the Python
// processes.

import { readFileSync, statSync } from 'node:fs';
import { resolve } from 'node:path';
import type { PythonValues } from '../layers.ts';

export interface PasteFile {
  readonly ok: true;
  /** For the forkserver: the application as a PasteDeploy URI, `config:...`. */
  readonly app: string;
  readonly path: string;
}

export type FoundPasteFile = PasteFile | { readonly ok: false; readonly error: string };

/** `location` is the setting's value, relative to `cwd`. */
export function findPasteFile(location: string, cwd: string): FoundPasteFile {
  const absolute = resolve(cwd, location);
  const [path = ''] = absolute.split('#', 1);
  if (statSync(path, { throwIfNoEntry: false })?.isFile() !== true) return { ok: false, error: `'${path}' not found` };
  return { ok: true, app: `config:${absolute}`, path };
}

/** Settings that the file implies if a flag names it: its section [loggers], if any, configures Python's logging. */
export function settingsOf({ path }: PasteFile): PythonValues {
  return /^\[loggers\]/m.test(readFileSync(path, 'utf8')) ? { logconfig: path } : {};
}
