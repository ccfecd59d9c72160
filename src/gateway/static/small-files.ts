// Small files in memory. Before each use the system is asked whether the file is still the same one: that is one question, where opening,
// checking, reading and closing are six. Requests that arrive while it is being asked share the answer.

import fs from 'node:fs';
import { type FileStamp, isSameFile, type KeptFile, stampOf } from './file-stamp.ts';

interface Entry {
  readonly file: KeptFile;
  /** Under way. */
  check: Promise<boolean> | null;
}

/** Up to this size a file is kept. */
const SMALL_BYTES = 128 * 1024;
/** All of them together; the oldest make room. */
const LIMIT_BYTES = 16 * 1024 * 1024;
/** A file that was written to just now can be written to again without a new time: file systems count in steps. */
const SETTLED_MS = 2000;

export class SmallFiles {
  /** By path, in the order in which they were kept. */
  readonly #entries: Map<string, Entry> = new Map();
  #bytes = 0;

  /** Whether such a file can be kept. */
  static mayKeep({ sizeBytes, mtimeMs }: FileStamp, nowMs: number): boolean {
    return sizeBytes <= SMALL_BYTES && nowMs - mtimeMs > SETTLED_MS;
  }

  /** The file, if it is kept and has not changed since. */
  async get(path: string): Promise<KeptFile | null> {
    const entry = this.#entries.get(path);
    if (entry === undefined) return null;
    entry.check ??= isCurrent(path, entry);
    if (await entry.check) return entry.file;
    if (this.#entries.get(path) === entry) this.#drop(path, entry);
    return null;
  }

  keep(path: string, file: KeptFile): void {
    const old = this.#entries.get(path);
    if (old !== undefined) this.#drop(path, old);
    this.#entries.set(path, { file, check: null });
    this.#bytes += file.content.length;
    for (const [oldest, entry] of this.#entries) {
      if (this.#bytes <= LIMIT_BYTES) break;
      this.#drop(oldest, entry);
    }
  }

  #drop(path: string, { file }: Entry): void {
    this.#entries.delete(path);
    this.#bytes -= file.content.length;
  }
}

/** The path leads through the same links to the same file, which was inside the folder when it was kept. */
function isCurrent(path: string, entry: Entry): Promise<boolean> {
  return new Promise((resolve) => {
    fs.stat(path, (error, stats) => {
      entry.check = null;
      resolve(error === null && stats.isFile() && isSameFile(stampOf(stats), entry.file));
    });
  });
}
