// Resolves the path of a file that a setting names: relative paths start from `chdir`, not from the current directory of the process
// that opens the file. Pure.

import { resolve } from 'node:path';

/** `-` stays: it means standard output or standard error. */
export function fromChdir(chdir: string, file: string): string {
  return file === '-' ? file : resolve(chdir, file);
}
