// The facts about this process that resolve.ts takes as an argument. Called once by the command, at its start.

import { statSync } from 'node:fs';
import type { Facts } from './layers.ts';

export function currentFacts(application: string | null): Facts {
  return {
    cwd: process.cwd(),
    // Node has these everywhere but on Windows, where Tunicorn does not run.
    userId: process.geteuid?.() ?? 0,
    groupId: process.getegid?.() ?? 0,
    application,
    isFolder: (path) => statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false,
  };
}
