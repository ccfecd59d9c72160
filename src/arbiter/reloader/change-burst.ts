// Makes one reload of many changes: an editor's save is several, a checkout hundreds. Pure: the clock is an argument.

/** No further change for this long: the burst is over. */
export const QUIET_MS = 200;
/** A burst that does not end is acted on all the same. */
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

/** What to log: Gunicorn's words, and how much more there was. */
export function describeBurst(burst: Burst): string {
  const [first] = burst.changes;
  if (first === undefined) return 'Worker reloading';
  const [path, kind] = first;
  const others = burst.changes.size - 1;
  const more = others === 0 ? '' : ` (and ${others} other ${others === 1 ? 'file' : 'files'})`;
  return `Worker reloading: ${path} ${kind}${more}`;
}

/** An editor that saves by renaming deletes the file and creates it: to the user it is modified. */
function together(before: ChangeKind, after: ChangeKind): ChangeKind {
  if (after === 'deleted') return 'deleted';
  return before === 'created' ? 'created' : 'modified';
}
