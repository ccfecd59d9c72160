// Where a file that a setting names is: relative paths start from `chdir`, in whatever directory the process is that
// opens the file. Pure.

import { resolve } from 'node:path';

/** `-` stays, because it is standard output or standard error. */
export function fromChdir(chdir: string, file: string): string {
  return file === '-' ? file : resolve(chdir, file);
}
