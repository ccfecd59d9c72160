// Opens a file of a mount, and makes sure that what was opened is a regular file inside the mount's folder.

import fs from 'node:fs';
import type { StaticMount } from '../../settings/static-mounts.ts';
import { type DescriptorRoom, isInReserve } from '../accept/descriptor-room.ts';
import { NoDescriptorError } from './file-failure.ts';
import { hasSameContent, type KeptFile, type OpenFile, type ServedFile, stampOf } from './file-stamp.ts';
import { SmallFiles } from './small-files.ts';
import { toStaticMounts } from './static-mounts.ts';

export type Opened =
  | { readonly kind: 'file'; readonly file: ServedFile }
  | { readonly kind: 'folder' }
  /** Nothing is there, or nothing that may be served. */
  | { readonly kind: 'missing' }
  /** The gateway's account may not read it. */
  | { readonly kind: 'forbidden' };

const MISSING: Opened = { kind: 'missing' };
const MISSING_CODES: ReadonlySet<string | undefined> = new Set(['ENOENT', 'ENOTDIR', 'ELOOP', 'ENAMETOOLONG', 'ENXIO']);
const FORBIDDEN_CODES: ReadonlySet<string | undefined> = new Set(['EACCES', 'EPERM']);
/** Without O_NONBLOCK, a FIFO without a writer would block a thread of the pool forever. */
const FLAGS = fs.constants.O_RDONLY | fs.constants.O_NONBLOCK | fs.constants.O_NOCTTY;

/** A mount's folder. Its real path is looked up again when it seems to be another: a deployment may replace a link. */
export class ServedFolder {
  readonly #folder: string;
  readonly #small: SmallFiles;
  readonly #descriptors: DescriptorRoom;
  #real: string | null = null;

  constructor(folder: string, small: SmallFiles, descriptors: DescriptorRoom) {
    this.#folder = folder;
    this.#small = small;
    this.#descriptors = descriptors;
  }

  pathOf(relative: string): string {
    return relative === '' ? this.#folder : `${this.#folder}/${relative}`;
  }

  /** Rejects with errors of the system that say nothing about the file, such as EMFILE. */
  async open(relative: string): Promise<Opened> {
    const path = this.pathOf(relative);
    const kept = await this.#small.get(path);
    if (kept !== null) return { kind: 'file', file: kept };
    const opened = await this.#open(path);
    if (opened.kind !== 'file' || opened.file.kind !== 'open') return opened;
    const { file } = opened;
    if (!SmallFiles.mayKeep(file, Date.now())) return opened;
    const small = await readSmall(file);
    if (small === null) return opened;
    this.#small.keep(path, small);
    closeFile(file);
    return { kind: 'file', file: small };
  }

  async #open(path: string): Promise<Opened> {
    const fd = await openFd(path);
    if (typeof fd !== 'number') return fd;
    let isServed = false;
    try {
      if (isInReserve(this.#descriptors, fd)) throw new NoDescriptorError();
      const stats = await fstat(fd);
      const isFile = stats.isFile();
      if (!isFile && !stats.isDirectory()) return MISSING;
      if (!(await this.#contains(await realPath(fd, path, stats)))) return MISSING;
      if (!isFile) return { kind: 'folder' };
      isServed = true;
      return { kind: 'file', file: { ...stampOf(stats), kind: 'open', fd } };
    } finally {
      if (!isServed) closeFd(fd);
    }
  }

  /** Asked of what is open already: a link that is replaced meanwhile changes nothing. */
  async #contains(real: string | null): Promise<boolean> {
    if (real === null) return false;
    if (this.#real !== null && isInside(this.#real, real)) return true;
    this.#real = await realpathOf(this.#folder);
    return this.#real !== null && isInside(this.#real, real);
  }
}

/** A mount with the files of its folder. */
export interface OpenMount extends StaticMount {
  readonly files: ServedFolder;
}

/** In the order in which findMount() looks at them. They keep small files together. */
export function openMounts(pairs: readonly StaticMount[], descriptors: DescriptorRoom): readonly OpenMount[] {
  const small = new SmallFiles();
  return toStaticMounts(pairs).map((mount) => ({
    ...mount,
    files: new ServedFolder(mount.folder, small, descriptors),
  }));
}

/** Null if it has changed meanwhile: whoever sends it will find that out, too. */
async function readSmall(file: OpenFile): Promise<KeptFile | null> {
  const content = Buffer.allocUnsafeSlow(file.sizeBytes);
  try {
    return (await fill(content, file, 0, true)) ? { ...file, kind: 'kept', content } : null;
  } catch (error) {
    closeFile(file);
    throw error;
  }
}

/** Reads from `at` on. Returns false if the file is shorter than it was, or, at the last piece, if it was written to. */
export async function fill(piece: Buffer, file: OpenFile, at: number, isLast: boolean): Promise<boolean> {
  for (let read = 0; read < piece.length; ) {
    const bytes = await readAt(file.fd, piece.subarray(read), at + read);
    if (bytes === 0) return false;
    read += bytes;
  }
  return !isLast || hasSameContent(stampOf(await fstat(file.fd)), file);
}

export function closeFile(file: ServedFile): void {
  if (file.kind === 'open') closeFd(file.fd);
}

function readAt(fd: number, into: Buffer, position: number): Promise<number> {
  return new Promise((resolve, reject) => {
    fs.read(fd, into, 0, into.length, position, (error, bytes) => (error === null ? resolve(bytes) : reject(error)));
  });
}

function closeFd(fd: number): void {
  // It was open for reading: nothing can be lost.
  fs.close(fd, () => {});
}

function openFd(path: string): Promise<number | Opened> {
  return new Promise((resolve, reject) => {
    fs.open(path, FLAGS, (error, fd) => {
      if (error === null) resolve(fd);
      else if (MISSING_CODES.has(error.code)) resolve(MISSING);
      else if (FORBIDDEN_CODES.has(error.code)) resolve({ kind: 'forbidden' });
      else reject(error);
    });
  });
}

function fstat(fd: number): Promise<fs.Stats> {
  return new Promise((resolve, reject) => {
    fs.fstat(fd, (error, stats) => (error === null ? resolve(stats) : reject(error)));
  });
}

/** The path of what `fd` has open: Linux knows it. Elsewhere `path` is resolved, and must still lead to the same file. */
async function realPath(fd: number, path: string, opened: fs.Stats): Promise<string | null> {
  const known = await new Promise<string | null>((resolve) => {
    fs.readlink(`/proc/self/fd/${fd}`, (error, link) => resolve(error === null ? link : null));
  });
  if (known !== null) return known;
  const real = await realpathOf(path);
  if (real === null) return null;
  const now = await new Promise<fs.Stats | null>((resolve) => {
    fs.lstat(real, (error, stats) => resolve(error === null ? stats : null));
  });
  return now?.ino === opened.ino && now.dev === opened.dev ? real : null;
}

function realpathOf(path: string): Promise<string | null> {
  return new Promise((resolve) => {
    fs.realpath.native(path, (error, real) => resolve(error === null ? real : null));
  });
}

function isInside(folder: string, path: string): boolean {
  return path === folder || path.startsWith(folder.endsWith('/') ? folder : `${folder}/`);
}
