// The private directories of one arbiter: the runtime directory (pipes, channels, claims board; small) and the spool directory
// (bodies that do not fit in memory; on disk). The next server removes those that a killed one left behind.

import fs from 'node:fs';
import path from 'node:path';
import type { Entry } from '../../log/message.ts';
import { systemErrorReason } from '../../log/system-error-reason.ts';
import {
  answersPath,
  channelSocketPath,
  gatewaySpoolDir,
  LONGEST_SOCKET_NAME,
  lifelinePath,
} from '../../runqueue/runtime-files.ts';
import { writeZeros } from '../../runqueue/zeros.ts';
import type { RuntimeDirectories } from '../../settings/for-processes/resolved-settings.ts';
import { type Account, asAccount } from './as-account.ts';
import {
  type Attempt,
  describeFallback,
  describeRejected,
  firstUsable,
  type Rejected,
  runtimeCandidates,
  spoolCandidates,
  type WantedFolders,
} from './usable-folder.ts';

export type MadeDirectories =
  | { readonly ok: true; readonly directories: RuntimeDirectories; readonly notes: readonly Entry[] }
  | { readonly ok: false; readonly message: string };

const RUNTIME_PREFIX = 'tunicorn-run-';
const SPOOL_PREFIX = 'tunicorn-spool-';
const PREFIXES = { runtime: RUNTIME_PREFIX, spool: SPOOL_PREFIX };
/** Room that each directory must have; in the runtime directory, in addition to the claims board. */
const ROOM_BYTES = { runtime: 256 * 1024, spool: 64 * 1024 };
/** The path of a Unix socket has at most 107 bytes; 6 random ones and the name of the socket follow the prefix. */
const LONGEST_PREFIX = 107 - 6 - `/${LONGEST_SOCKET_NAME}`.length;
/** A link in the runtime directory to the spool directory. */
const SPOOL_LINK = 'spool';
/** A directory younger than this may belong to a server that is just starting. */
const YOUNG_MS = 60_000;

/**
 * Creates both with mode 0700, owned by the account that gateways and workers run as, each in the first folder that this account can use.
 * `notes`: log messages about folders that could not be used.
 */
export function makeRuntimeDirectories(wanted: WantedFolders, account: Account): MadeDirectories {
  const runtime = firstUsable(runtimeCandidates(wanted), (folder) =>
    makePrivate(folder, 'runtime', wanted.boardBytes, account),
  );
  if (!runtime.ok) return refusal('runtime directory', runtime.rejected);
  const spool = firstUsable(spoolCandidates(wanted), (folder) => makePrivate(folder, 'spool', 0, account));
  if (!spool.ok) {
    fs.rmSync(runtime.made, { recursive: true });
    return refusal('spool directory', spool.rejected);
  }
  fs.symlinkSync(spool.made, path.join(runtime.made, SPOOL_LINK));
  const notes = [describeFallback('runtime directory', runtime), describeFallback('spool directory', spool)];
  return {
    ok: true,
    directories: { runtimeDir: runtime.made, spoolDir: spool.made },
    notes: notes.filter((note) => note !== null),
  };
}

function refusal(what: string, rejected: readonly Rejected[]): MadeDirectories {
  return { ok: false, message: `No folder for the ${what}: ${describeRejected(rejected)}` };
}

function makePrivate(
  parent: string,
  kind: keyof typeof PREFIXES,
  moreBytes: number,
  account: Account,
): Attempt<string> {
  const prefix = path.join(parent, PREFIXES[kind]);
  if (kind === 'runtime') {
    if (Buffer.byteLength(prefix) > LONGEST_PREFIX) return { ok: false, reason: 'its path is too long for sockets' };
    removeLeftOvers(parent, account.userId, Date.now());
  }
  let made: string | null = null;
  try {
    made = fs.mkdtempSync(prefix);
    if (process.geteuid?.() === 0) fs.chownSync(made, account.userId, account.groupId);
    const trial = path.join(made, 'trial');
    asAccount(account, () => tryRoom(trial, ROOM_BYTES[kind] + moreBytes));
    fs.rmSync(trial);
    return { ok: true, made };
  } catch (error) {
    if (made !== null) fs.rmSync(made, { recursive: true, force: true });
    return { ok: false, reason: systemErrorReason(error) };
  }
}

function tryRoom(file: string, bytes: number): void {
  const fd = fs.openSync(file, 'wx', 0o600);
  try {
    writeZeros(fd, bytes);
  } finally {
    fs.closeSync(fd);
  }
}

export function removeRuntimeDirectories(directories: RuntimeDirectories): void {
  fs.rmSync(directories.runtimeDir, { recursive: true, force: true });
  fs.rmSync(directories.spoolDir, { recursive: true, force: true });
}

/** Removes the files of a gateway that has ended. The arbiter does not wait for that: there may be gigabytes to free. */
export function removeFilesOfGateway({ runtimeDir, spoolDir }: RuntimeDirectories, gateway: number): void {
  // Files that cannot be removed now are removed with the directories.
  const done = (): void => {};
  fs.rm(channelSocketPath(runtimeDir, gateway), { force: true }, done);
  fs.rm(answersPath(runtimeDir, gateway), { force: true }, done);
  fs.rm(gatewaySpoolDir(spoolDir, gateway), { recursive: true, force: true }, done);
}

/** Removes the directories of servers whose processes were all killed, before they could clean up. */
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
      // It belongs to another user, or is gone in the meantime.
    }
  }
}

/** In a shared parent any user can create a link with such a name; a server that runs as root would remove its target. */
function isOurs(directory: string, userId: number): boolean {
  const stat = fs.lstatSync(directory, { throwIfNoEntry: false });
  return stat?.isDirectory() === true && (stat.uid === userId || stat.uid === process.geteuid?.());
}

/** Forkservers and workers read the lifeline as long as they live, in any pid namespace. */
function hasReader(fifo: string): boolean {
  try {
    fs.closeSync(fs.openSync(fifo, fs.constants.O_WRONLY | fs.constants.O_NONBLOCK));
    return true;
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : '';
    return code !== 'ENXIO' && code !== 'ENOENT';
  }
}

/** Empty for a directory that is writable but cannot be listed. */
function namesIn(directory: string): readonly string[] {
  try {
    return fs.readdirSync(directory);
  } catch {
    return [];
  }
}
