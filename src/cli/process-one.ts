// Warns about Node.js as process 1 of a container. Normally bin/as-process-1.sh puts python/tunicorn/helpers/process_one.py there.

import { type Entry, entry } from '../log/message.ts';
import { START_MESSAGES } from '../log/messages/start.ts';

/** Null unless the command is process 1 itself. */
export function warningOfProcessOne(pid: number): Entry | null {
  return pid === 1 ? entry(START_MESSAGES.processOne) : null;
}
