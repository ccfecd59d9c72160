// The pid file: written by the arbiter when its sockets are bound, moved when a reload or a promotion asks for another path, removed when
// it leaves. Rules as Gunicorn's.

import { randomBytes } from 'node:crypto';
import { chmodSync, readFileSync, renameSync, statSync, unlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { systemErrorReason } from '../../log/system-error-reason.ts';

export interface PidFile {
  readonly path: string;
  /** Removes the file if it still holds our pid; a successor may have written its own. */
  remove(): void;
}

export type CreatedPidFile =
  | { readonly ok: true; readonly pidFile: PidFile }
  | { readonly ok: false; readonly message: string };

/**
 * Refused while the process named in an existing file lives; a file of a dead process, of ours, or of none is replaced.
 */
export function createPidFile(file: string, pid: number = process.pid): CreatedPidFile {
  const directory = path.dirname(file);
  if (!isDirectory(directory)) return { ok: false, message: `${directory} doesn't exist. Can't create pidfile.` };
  // The working directory may be another one when the file is to be removed.
  const absolute = path.resolve(file);
  const temporary = `${absolute}.${randomBytes(6).toString('hex')}`;
  try {
    const other = readPid(absolute);
    if (other !== undefined && other !== pid && isAlive(other)) {
      return { ok: false, message: `Already running on PID ${other} (or pid file '${file}' is stale)` };
    }
    // Whoever reads the file finds a whole pid in it or no file, because rename() replaces it at once.
    writeFileSync(temporary, `${pid}\n`, { flag: 'wx' });
    chmodSync(temporary, 0o644); // whatever the umask
    renameSync(temporary, absolute);
  } catch (error) {
    removeIfThere(temporary);
    return { ok: false, message: `pid file '${file}' can't be written: ${systemErrorReason(error)}` };
  }
  return { ok: true, pidFile: { path: absolute, remove: () => removeOwn(absolute, pid) } };
}

export type MadePidFile =
  | { readonly ok: true; readonly pidFile: ArbiterPidFile }
  | { readonly ok: false; readonly message: string };

export class ArbiterPidFile {
  #file: PidFile | null;

  private constructor(file: PidFile | null) {
    this.#file = file;
  }

  /** `file` is null where there is to be none. */
  static create(file: string | null): MadePidFile {
    if (file === null) return { ok: true, pidFile: new ArbiterPidFile(null) };
    const created = createPidFile(file);
    return created.ok ? { ok: true, pidFile: new ArbiterPidFile(created.pidFile) } : created;
  }

  get path(): string | null {
    return this.#file?.path ?? null;
  }

  /** Returns why it stays where it is, or null. */
  moveTo(file: string | null): string | null {
    const old = this.#file;
    if (file !== null && old?.path === path.resolve(file)) return null;
    if (file !== null) {
      const created = createPidFile(file);
      if (!created.ok) return created.message;
      this.#file = created.pidFile;
    } else {
      this.#file = null;
    }
    old?.remove();
    return null;
  }

  remove(): void {
    this.#file?.remove();
  }
}

function readPid(file: string): number | undefined {
  let text: string;
  try {
    text = readFileSync(file, 'latin1');
  } catch (error) {
    if (isCode(error, 'ENOENT')) return undefined;
    throw error;
  }
  const digits = /^\s*([0-9]{1,10})\s*$/.exec(text)?.[1];
  // 0 would mean our own process group to kill(2); above 2^31 - 1 there are no pids.
  const pid = Number(digits);
  return pid > 0 && pid < 2 ** 31 ? pid : undefined;
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return !isZombie(pid);
  } catch (error) {
    // EPERM: it lives, and belongs to another user.
    return isCode(error, 'EPERM');
  }
}

/** It has ended, and its parent has not asked how: an older arbiter, for a moment, when its successor takes the file over. */
function isZombie(pid: number): boolean {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    return stat[stat.lastIndexOf(')') + 2] === 'Z';
  } catch {
    return false; // No /proc: then what kill() says must do.
  }
}

function removeOwn(file: string, pid: number): void {
  try {
    if (readPid(file) === pid) unlinkSync(file);
  } catch {
    // Unreadable or not removable by now: no reason to keep the arbiter from leaving.
  }
}

function removeIfThere(file: string): void {
  try {
    unlinkSync(file);
  } catch {
    // It was never made.
  }
}

function isDirectory(directory: string): boolean {
  try {
    return statSync(directory).isDirectory();
  } catch {
    return false;
  }
}

function isCode(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code;
}
