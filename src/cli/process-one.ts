// Warns about Node.js as process 1 of a container. Normally bin/as-process-1.sh makes python/tunicorn/helpers/process_one.py process 1.

import { START_MESSAGES } from '../log/catalog/start.ts';
import { type Entry, entry } from '../log/message.ts';

/** Null unless the command itself is process 1. */
export function warningOfProcessOne(pid: number): Entry | null {
  return pid === 1 ? entry(START_MESSAGES.processOne) : null;
}
