// Merges many changes into one reload: saving in an editor causes several, a checkout hundreds. Pure: the clock is an argument.

import { RELOADER_MESSAGES } from '../../log/catalog/reloader.ts';
import { type Entry, entry } from '../../log/message.ts';

/** The burst is over after this long without a change. */
export const QUIET_MS = 200;
/** A burst that goes on for longer than this triggers a reload anyway. */
export const LONGEST_MS = 3000;

export type ChangeKind = 'modified' | 'deleted' | 'created';

export interface FileChange {
  readonly path: string;
  readonly kind: ChangeKind;
}

export interface Burst {
  readonly firstMs: number;
  readonly lastMs: number;
  /** The last change of each file, the files in the order in which they were first seen to change. */
  readonly changes: ReadonlyMap<string, ChangeKind>;
}

export function addChange(burst: Burst | null, change: FileChange, nowMs: number): Burst {
  const before = burst?.changes.get(change.path);
  const kind = before === undefined ? change.kind : together(before, change.kind);
  const changes = new Map(burst?.changes ?? []).set(change.path, kind);
  return { firstMs: burst?.firstMs ?? nowMs, lastMs: nowMs, changes };
}

export function dueAtMs(burst: Burst): number {
  return Math.min(burst.lastMs + QUIET_MS, burst.firstMs + LONGEST_MS);
}

/** For the log. A burst has at least one change. */
export function describeBurst(burst: Burst): Entry {
  const [[file, change] = ['', '']] = burst.changes;
  const count = burst.changes.size - 1;
  if (count === 0) return entry(RELOADER_MESSAGES.workerReloading, { file, change });
  return entry(RELOADER_MESSAGES.workerReloadingMany, { file, change, count, files: count === 1 ? 'file' : 'files' });
}

/** An editor that saves by renaming deletes and creates the file: for the user, it is modified. */
function together(before: ChangeKind, after: ChangeKind): ChangeKind {
  if (after === 'deleted') return 'deleted';
  return before === 'created' ? 'created' : 'modified';
}
