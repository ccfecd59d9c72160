// Opens a file of a mount, and makes sure that what was opened is a regular file inside the mount's folder.

import fs from 'node:fs';

export interface OpenFile {
  readonly fd: number;
  readonly sizeBytes: number;
  readonly mtimeMs: number;
}

export type Opened =
  | ({ readonly kind: 'file' } & OpenFile)
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
  #real: string | null = null;

  constructor(folder: string) {
    this.#folder = folder;
  }

  pathOf(relative: string): string {
    return relative === '' ? this.#folder : `${this.#folder}/${relative}`;
  }

  /** Rejects with errors of the system that say nothing about the file, such as EMFILE. */
  async open(relative: string): Promise<Opened> {
    const path = this.pathOf(relative);
    const fd = await openFd(path);
    if (typeof fd !== 'number') return fd;
    let isKept = false;
    try {
      const stats = await fstat(fd);
      const isFile = stats.isFile();
      if (!isFile && !stats.isDirectory()) return MISSING;
      if (!(await this.#contains(await realPath(fd, path, stats)))) return MISSING;
      if (!isFile) return { kind: 'folder' };
      isKept = true;
      return { kind: 'file', fd, sizeBytes: stats.size, mtimeMs: stats.mtimeMs };
    } finally {
      if (!isKept) closeFd(fd);
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

export function readAt(fd: number, into: Buffer, position: number): Promise<number> {
  return new Promise((resolve, reject) => {
    fs.read(fd, into, 0, into.length, position, (error, bytes) => (error === null ? resolve(bytes) : reject(error)));
  });
}

/** Whether nothing has been written to it since it was opened. One that was replaced or deleted stays what it was. */
export async function isUnchanged(file: OpenFile): Promise<boolean> {
  const { size, mtimeMs } = await fstat(file.fd);
  return size === file.sizeBytes && mtimeMs === file.mtimeMs;
}

export function closeFd(fd: number): void {
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
