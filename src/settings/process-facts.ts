// The facts about this process that resolveSettings() takes as an argument.

import { statSync } from 'node:fs';
import type { Facts } from './layers.ts';

export function currentFacts(application: string | null): Facts {
  return {
    cwd: process.cwd(),
    // Node lacks these only on Windows, where Tunicorn does not run.
    userId: process.geteuid?.() ?? 0,
    groupId: process.getegid?.() ?? 0,
    application,
    isFolder: (path) => statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false,
  };
}
