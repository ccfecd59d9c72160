// --paste FILE.ini[#NAME]: an application that a Paste file describes, which PasteDeploy loads in the Python processes. Here only what the
// arbiter needs of it. Called by the command.

import { readFileSync, statSync } from 'node:fs';
import { resolve } from 'node:path';
import type { PythonValues } from '../layers.ts';

export interface PasteFile {
  readonly ok: true;
  /** For the forkserver: `config:` and where the application is, as PasteDeploy has it. */
  readonly app: string;
  readonly path: string;
}

export type FoundPasteFile = PasteFile | { readonly ok: false; readonly error: string };

/** `location` as the setting has it, relative to `cwd`. */
export function findPasteFile(location: string, cwd: string): FoundPasteFile {
  const absolute = resolve(cwd, location);
  const [path = ''] = absolute.split('#', 1);
  if (statSync(path, { throwIfNoEntry: false })?.isFile() !== true) return { ok: false, error: `'${path}' not found` };
  return { ok: true, app: `config:${absolute}`, path };
}

/** Settings that the file implies, when it is named by a flag: its [loggers], if there are any, are for Python's logging. */
export function settingsOf({ path }: PasteFile): PythonValues {
  return /^\[loggers\]/m.test(readFileSync(path, 'utf8')) ? { logconfig: path } : {};
}
