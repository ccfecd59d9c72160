// Warns about Node.js as process 1 of a container. Normally bin/as-process-1.sh puts python/tunicorn/helpers/process_one.py there.

import { START_MESSAGES } from '../log/catalog/start.ts';
import { type Entry, entry } from '../log/message.ts';

/** Null unless the command is process 1 itself. */
export function warningOfProcessOne(pid: number): Entry | null {
  return pid === 1 ? entry(START_MESSAGES.processOne) : null;
}
