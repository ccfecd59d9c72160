// Chooses the folders of the runtime directory and of the spool directory: the first usable candidate. Pure: the attempt to use
// one is an argument.

import { START_MESSAGES } from '../../log/catalog/start.ts';
import { type Entry, entry } from '../../log/message.ts';

export interface WantedFolders {
  /** The settings worker_tmp_dir and tmp_upload_dir. */
  readonly workerTmpDir: string | null;
  readonly uploadDir: string | null;
  /** The system's: $TMPDIR, or else /tmp. */
  readonly temporary: string;
  readonly chdir: string;
  /** The size of the claims board, the largest file of the runtime directory. */
  readonly boardBytes: number;
}

export interface Rejected {
  readonly folder: string;
  readonly reason: string;
}

export type Attempt<T> = { readonly ok: true; readonly made: T } | { readonly ok: false; readonly reason: string };

export type Found<T> =
  | { readonly ok: true; readonly folder: string; readonly made: T; readonly rejected: readonly Rejected[] }
  | { readonly ok: false; readonly rejected: readonly Rejected[] };

const SHARED_MEMORY = '/dev/shm';
const USUAL = ['/tmp', '/var/tmp'];

/** Memory first, because a claim must never wait for a disk. */
export function runtimeCandidates({ workerTmpDir, temporary, chdir }: WantedFolders): readonly string[] {
  return eachOnce([workerTmpDir, SHARED_MEMORY, temporary, ...USUAL, chdir]);
}

/**
 * Disks first, because bodies may be large. If tmp_upload_dir is set, there is no fallback: the operator chose where to store bodies.
 */
export function spoolCandidates({ workerTmpDir, uploadDir, temporary, chdir }: WantedFolders): readonly string[] {
  if (uploadDir !== null) return [uploadDir];
  return eachOnce([temporary, ...USUAL, workerTmpDir, SHARED_MEMORY, chdir]);
}

export function firstUsable<T>(folders: readonly string[], attempt: (folder: string) => Attempt<T>): Found<T> {
  const rejected: Rejected[] = [];
  for (const folder of folders) {
    const outcome = attempt(folder);
    if (outcome.ok) return { ok: true, folder, made: outcome.made, rejected };
    rejected.push({ folder, reason: outcome.reason });
  }
  return { ok: false, rejected };
}

/** For the log; null if the first candidate was usable. `what`: the name of the directory, such as `runtime directory`. */
export function describeFallback(what: string, { folder, rejected }: Found<unknown> & { ok: true }): Entry | null {
  if (rejected.length === 0) return null;
  const memory = what.includes('spool') && folder === SHARED_MEMORY ? ', where bodies take memory' : '';
  const values = { directory: what, folder: `${folder}${memory}`, rejected: describeRejected(rejected) };
  return entry(START_MESSAGES.folderReplaced, values);
}

export function describeRejected(rejected: readonly Rejected[]): string {
  return rejected.map(({ folder, reason }) => `${folder} cannot be used (${reason})`).join(', ');
}

function eachOnce(folders: readonly (string | null)[]): readonly string[] {
  return [...new Set(folders.filter((folder) => folder !== null))];
}
