// Which version of which file one has. Pure.

import type { Stats } from 'node:fs';

export interface FileStamp {
  readonly device: number;
  readonly inode: number;
  readonly sizeBytes: number;
  readonly mtimeMs: number;
  /** Also changes with its name, its links and its rights. */
  readonly ctimeMs: number;
}

export interface OpenFile extends FileStamp {
  readonly kind: 'open';
  readonly fd: number;
}

/** In memory; nothing of it is open. */
export interface KeptFile extends FileStamp {
  readonly kind: 'kept';
  readonly content: Buffer;
}

export type ServedFile = OpenFile | KeptFile;

export function stampOf({ dev, ino, size, mtimeMs, ctimeMs }: Stats): FileStamp {
  return { device: dev, inode: ino, sizeBytes: size, mtimeMs, ctimeMs };
}

export function isSameFile(one: FileStamp, other: FileStamp): boolean {
  return (
    one.ctimeMs === other.ctimeMs &&
    one.inode === other.inode &&
    one.device === other.device &&
    hasSameContent(one, other)
  );
}

/** Of one open file: whether nothing has been written to it. One that is replaced or deleted stays what it was. */
export function hasSameContent(one: FileStamp, other: FileStamp): boolean {
  return one.sizeBytes === other.sizeBytes && one.mtimeMs === other.mtimeMs;
}
