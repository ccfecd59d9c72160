// The file that a path beneath a mount names. Pure. Whatever is doubtful names no file: a path that two programs could read differently
// must not be served.

import { percentDecode } from '../http1/head/percent-decode.ts';

export interface FilePath {
  /** Relative to the mount's folder, without a slash at either end; empty for the folder itself. */
  readonly relative: string;
  /** The path ends with a slash. */
  readonly asksFolder: boolean;
}

/** The only name with a dot at its start that is served (RFC 8615), and only directly beneath the mount. */
const WELL_KNOWN = '.well-known';
/** PATH_MAX of Linux. */
const LONGEST_PATH = 4096;
/** Separators, also Windows's, and controls. */
const NOT_IN_NAME = /[\x00-\x1f\x7f/\\]/;

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** `rest` as in MountedPath. Null: no file can have that path. */
export function filePath(rest: string): FilePath | null {
  if (rest === '') return { relative: '', asksFolder: false };
  const segments = rest.slice(1).split('/');
  const asksFolder = segments.at(-1) === '';
  if (asksFolder) segments.pop();
  const names: string[] = [];
  for (const segment of segments) {
    const name = nameOf(segment);
    if (name === null || !isServed(name, names.length === 0)) return null;
    names.push(name);
  }
  const relative = names.join('/');
  return relative.length > LONGEST_PATH ? null : { relative, asksFolder };
}

/** Null if its bytes are not UTF-8. */
function nameOf(segment: string): string | null {
  const decoded = percentDecode(segment);
  if (/^[\x00-\x7f]*$/.test(decoded)) return decoded;
  try {
    return utf8.decode(Buffer.from(decoded, 'latin1'));
  } catch {
    return null;
  }
}

/** An empty name is a repeated slash; `.`, `..` and hidden files begin with a dot. */
function isServed(name: string, isFirst: boolean): boolean {
  if (name === '' || NOT_IN_NAME.test(name)) return false;
  return !name.startsWith('.') || (isFirst && name === WELL_KNOWN);
}
