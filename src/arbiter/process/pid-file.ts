// The pid file: written when the arbiter's sockets are bound, moved when a reload or a promotion changes its path, removed when the arbiter
// ends. The rules are Gunicorn's.

import { chmodSync, readFileSync, renameSync, statSync, unlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { systemErrorReason } from '../../log/system-error-reason.ts';
import { fieldsOfStat } from './process-stat.ts';

export interface PidFile {
  readonly path: string;
  /** Removes the file if it still holds our pid; a successor may have written its own. */
  remove(): void;
}

export type CreatedPidFile =
  | { readonly ok: true; readonly pidFile: PidFile }
  | { readonly ok: false; readonly message: string };

/**
 * Fails while the process named in an existing file lives. Replaces the file of a dead process, our own, and one without a pid.
 */
export function createPidFile(file: string, pid: number = process.pid): CreatedPidFile {
  const directory = path.dirname(file);
  if (!isDirectory(directory)) return { ok: false, message: `${directory} doesn't exist. Can't create pidfile.` };
  // The working directory may have changed by the time the file is removed.
  const absolute = path.resolve(file);
  // No secret: `wx` below creates it, or fails.
  const temporary = `${absolute}.${Math.random().toString(36).slice(2)}`;
  try {
    const other = readPid(absolute);
    if (other !== undefined && other !== pid && isAlive(other)) {
      return { ok: false, message: `Already running on PID ${other} (or pid file '${file}' is stale)` };
    }
    // A reader finds a whole pid or no file, because rename() replaces the file atomically.
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

  /** `file` is null for no pid file. */
  static create(file: string | null): MadePidFile {
    if (file === null) return { ok: true, pidFile: new ArbiterPidFile(null) };
    const created = createPidFile(file);
    return created.ok ? { ok: true, pidFile: new ArbiterPidFile(created.pidFile) } : created;
  }

  get path(): string | null {
    return this.#file?.path ?? null;
  }

  /** Returns null, or the reason why the file was not moved. */
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
  // For kill(2), 0 means our own process group; pids end at 2^31 - 1.
  const pid = Number(digits);
  return pid > 0 && pid < 2 ** 31 ? pid : undefined;
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return !isZombie(pid);
  } catch (error) {
    // EPERM: it lives and belongs to another user.
    return isCode(error, 'EPERM');
  }
}

/** It has ended and its parent has not reaped it yet: an older arbiter, for a moment, while its successor takes over the file. */
function isZombie(pid: number): boolean {
  try {
    return fieldsOfStat(readFileSync(`/proc/${pid}/stat`, 'latin1'))[0] === 'Z';
  } catch {
    return false; // Without /proc, the result of kill() has to do.
  }
}

function removeOwn(file: string, pid: number): void {
  try {
    if (readPid(file) === pid) unlinkSync(file);
  } catch {
    // The file is unreadable or cannot be removed: that must not keep the arbiter from ending.
  }
}

function removeIfThere(file: string): void {
  try {
    unlinkSync(file);
  } catch {
    // It was never created.
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
