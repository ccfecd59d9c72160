// The compressed files beside a file: `site.css.br`, `site.css.zst`, `site.css.gz`. The system is asked once a second for each file, because
// most files have none, and three questions for each request would cost more than the request.

import fs from 'node:fs';
import { CODINGS, type Coding } from './accept-encoding.ts';

interface Known {
  readonly askedMs: number;
  readonly codings: readonly Coding[];
}

const KEPT_MS = 1000;
/** Beyond it, all is forgotten and asked again. */
const KEPT_FILES = 4096;
const NONE: readonly Coding[] = [];

export class CompressedSiblings {
  readonly #known: Map<string, Known> = new Map();

  /** The codings of the siblings of a file. One that is older than the file is a form of an earlier version, and not used. */
  async of(path: string, mtimeMs: number, nowMs: number): Promise<readonly Coding[]> {
    const known = this.#known.get(path);
    if (known !== undefined && nowMs - known.askedMs < KEPT_MS) return known.codings;
    const asked = await Promise.all(CODINGS.map(([, suffix]) => isFresh(path + suffix, mtimeMs)));
    const found = CODINGS.filter((_, at) => asked[at]).map(([coding]) => coding);
    if (this.#known.size >= KEPT_FILES) this.#known.clear();
    this.#known.set(path, { askedMs: nowMs, codings: found.length === 0 ? NONE : found });
    return found;
  }
}

/** Tools that compress copy the time of the file, and some of them only its seconds. */
export function isOlder(siblingMtimeMs: number, mtimeMs: number): boolean {
  return Math.floor(siblingMtimeMs / 1000) < Math.floor(mtimeMs / 1000);
}

function isFresh(path: string, mtimeMs: number): Promise<boolean> {
  return new Promise((resolve) => {
    fs.stat(path, (error, stats) => resolve(error === null && stats.isFile() && !isOlder(stats.mtimeMs, mtimeMs)));
  });
}
