// The private directories of one arbiter: the runtime directory (pipes, channels, claims board; small) and the spool directory
// (request bodies that do not fit into memory; on disk).

import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';

export interface RuntimeDirectories {
  readonly runtimeDir: string;
  readonly spoolDir: string;
}

/**
 * Makes both, mode 0700, owned by the user that gateways and workers run as. `parent` is the setting worker_tmp_dir: without it
 * shared memory is taken where there is any, because a claim must never wait for a disk.
 */
export function makeRuntimeDirectories(
  parent: string | null,
  spoolParent: string | null,
  owner: { readonly userId: number; readonly groupId: number },
): RuntimeDirectories {
  const runtimeDir = fs.mkdtempSync(path.join(parent ?? sharedMemory() ?? os.tmpdir(), 'tunicorn-'));
  const spoolDir = fs.mkdtempSync(path.join(spoolParent ?? os.tmpdir(), 'tunicorn-spool-'));
  if (process.geteuid?.() === 0) {
    fs.chownSync(runtimeDir, owner.userId, owner.groupId);
    fs.chownSync(spoolDir, owner.userId, owner.groupId);
  }
  return { runtimeDir, spoolDir };
}

export function removeRuntimeDirectories(directories: RuntimeDirectories): void {
  fs.rmSync(directories.runtimeDir, { recursive: true, force: true });
  fs.rmSync(directories.spoolDir, { recursive: true, force: true });
}

function sharedMemory(): string | null {
  try {
    fs.accessSync('/dev/shm', fs.constants.W_OK | fs.constants.X_OK);
    return '/dev/shm';
  } catch {
    return null; // No such mount in this container: the temporary directory does as well, only slower.
  }
}
