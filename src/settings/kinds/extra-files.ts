// Checks `reload_extra_files`: entries that are not patterns must exist.

import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { describeOrigin, type Origin } from '../origin.ts';
import { pythonRepr } from './python-repr.ts';

/** Whether the entry is a pattern rather than a path. */
export function isPattern(entry: string): boolean {
  return /[*?[]/.test(entry);
}

/** An error for each path that does not exist; relative paths start from the directory in which the command was started. */
export function missingExtraFiles(entries: readonly string[], startDir: string, origin: Origin): readonly string[] {
  const missing = entries.filter((entry) => !isPattern(entry) && !existsSync(resolve(startDir, entry)));
  return missing.map(
    (entry) =>
      `Invalid value for reload_extra_files ${describeOrigin(origin)}: ${pythonRepr(entry)} ` +
      `(wanted: a file or a folder that exists, or a pattern with *, ? or [)`,
  );
}
