// The private directories of one arbiter: the runtime directory (pipes, channels, claims board; small) and the spool directory
// (bodies that do not fit into memory; on disk). Those that a killed server left behind are removed by the next one.

import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { systemErrorReason } from '../log/system-error-reason.ts';
import { channelSocketPath, gatewaySpoolDir } from '../messages/gateway-files.ts';

export interface RuntimeDirectories {
  readonly runtimeDir: string;
  readonly spoolDir: string;
}

export interface DirectoryOwner {
  readonly userId: number;
  readonly groupId: number;
}

export type MadeDirectories =
  | { readonly ok: true; readonly directories: RuntimeDirectories }
  | { readonly ok: false; readonly message: string };

const RUNTIME_PREFIX = 'tunicorn-run-';
const SPOOL_PREFIX = 'tunicorn-spool-';
/** A link in the runtime directory that names the spool directory. */
const SPOOL_LINK = 'spool';
/** A directory younger than this may belong to a server that is just starting. */
const YOUNG_MS = 60_000;

export function lifelinePath(runtimeDir: string): string {
  return path.join(runtimeDir, 'lifeline');
}

/**
 * Makes both, mode 0700, owned by the user that gateways and workers run as. `parent` is the setting worker_tmp_dir: without it
 * shared memory is taken where there is any, because a claim must never wait for a disk.
 */
export function makeRuntimeDirectories(
  parent: string | null,
  spoolParent: string | null,
  owner: DirectoryOwner,
): MadeDirectories {
  try {
    return { ok: true, directories: make(parent, spoolParent, owner) };
  } catch (error) {
    return {
      ok: false,
      message: `Can't make a private directory like '${pathOf(error)}': ${systemErrorReason(error)}`,
    };
  }
}

function make(parent: string | null, spoolParent: string | null, owner: DirectoryOwner): RuntimeDirectories {
  const runtimeParent = parent ?? sharedMemory() ?? os.tmpdir();
  removeLeftOvers(runtimeParent, owner.userId, Date.now());
  const runtimeDir = fs.mkdtempSync(path.join(runtimeParent, RUNTIME_PREFIX));
  try {
    const spoolDir = fs.mkdtempSync(path.join(spoolParent ?? os.tmpdir(), SPOOL_PREFIX));
    fs.symlinkSync(spoolDir, path.join(runtimeDir, SPOOL_LINK));
    if (process.geteuid?.() === 0) {
      fs.chownSync(runtimeDir, owner.userId, owner.groupId);
      fs.chownSync(spoolDir, owner.userId, owner.groupId);
    }
    return { runtimeDir, spoolDir };
  } catch (error) {
    fs.rmSync(runtimeDir, { recursive: true });
    throw error;
  }
}

export function removeRuntimeDirectories(directories: RuntimeDirectories): void {
  fs.rmSync(directories.runtimeDir, { recursive: true, force: true });
  fs.rmSync(directories.spoolDir, { recursive: true, force: true });
}

/** What a gateway that has ended had for itself. The arbiter does not wait for it: there may be gigabytes to free. */
export function removeFilesOfGateway({ runtimeDir, spoolDir }: RuntimeDirectories, gateway: number): void {
  // What cannot be removed now goes with the directories themselves.
  const done = (): void => {};
  fs.rm(channelSocketPath(runtimeDir, gateway), { force: true }, done);
  fs.rm(gatewaySpoolDir(spoolDir, gateway), { recursive: true, force: true }, done);
}

/** Directories of servers of which every process has been killed, so that none of them could tidy up. */
function removeLeftOvers(parent: string, userId: number, nowMs: number): void {
  for (const name of namesIn(parent)) {
    if (!name.startsWith(RUNTIME_PREFIX)) continue;
    const runtimeDir = path.join(parent, name);
    try {
      if (!isOurs(runtimeDir, userId)) continue;
      if (nowMs - fs.lstatSync(runtimeDir).mtimeMs < YOUNG_MS || hasReader(lifelinePath(runtimeDir))) continue;
      const spoolDir = fs.readlinkSync(path.join(runtimeDir, SPOOL_LINK));
      if (path.basename(spoolDir).startsWith(SPOOL_PREFIX) && isOurs(spoolDir, userId)) {
        fs.rmSync(spoolDir, { recursive: true, force: true });
      }
      fs.rmSync(runtimeDir, { recursive: true, force: true });
    } catch {
      // Another user's, or gone in the meantime.
    }
  }
}

/** Anybody can make such a name in a shared parent: a server that runs as root would remove what it leads to. */
function isOurs(directory: string, userId: number): boolean {
  const stat = fs.lstatSync(directory, { throwIfNoEntry: false });
  return stat?.isDirectory() === true && (stat.uid === userId || stat.uid === process.geteuid?.());
}

/** Forkservers and workers read the lifeline as long as they live, in whatever pid namespace. */
function hasReader(fifo: string): boolean {
  try {
    fs.closeSync(fs.openSync(fifo, fs.constants.O_WRONLY | fs.constants.O_NONBLOCK));
    return true;
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : '';
    return code !== 'ENXIO' && code !== 'ENOENT';
  }
}

function sharedMemory(): string | null {
  try {
    fs.accessSync('/dev/shm', fs.constants.W_OK | fs.constants.X_OK);
    return '/dev/shm';
  } catch {
    return null; // No such mount in this container: the temporary directory does as well, only slower.
  }
}

/** Empty for a directory that may be written and not listed. */
function namesIn(directory: string): readonly string[] {
  try {
    return fs.readdirSync(directory);
  } catch {
    return [];
  }
}

/** What the system call was about. */
function pathOf(error: unknown): string {
  return error instanceof Error && 'path' in error ? String(error.path) : '';
}
