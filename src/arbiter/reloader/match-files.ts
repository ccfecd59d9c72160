// Finds the files that the entries of `reload_extra_files` name now. The reloader calls it once a second, so that new files are
// found; how a folder is listed is an argument.

import path from 'node:path';
import { isPattern } from '../../settings/kinds/extra-files.ts';
import { type PatternPart, parsePattern } from './glob-pattern.ts';

export interface FolderEntry {
  readonly name: string;
  readonly kind: 'file' | 'folder';
  /** A link: `**` does not follow one to a folder, which might lead back up. */
  readonly isLink: boolean;
}

/** What is in the folder; nothing when it cannot be listed or is no folder. */
export type ListFolder = (folder: string) => Promise<readonly FolderEntry[]>;

/** The files that `entry` names, absolute. A path is taken as it is, a folder means all the files in it. */
export async function matchFiles(entry: string, startDir: string, list: ListFolder): Promise<readonly string[]> {
  const listed = new Map<string, Promise<readonly FolderEntry[]>>();
  const listOnce: ListFolder = (folder) => {
    const known = listed.get(folder) ?? list(folder);
    listed.set(folder, known);
    return known;
  };
  const found = new Set<string>();
  if (isPattern(entry)) {
    await walk(path.isAbsolute(entry) ? '/' : startDir, parsePattern(entry), listOnce, found);
    return [...found];
  }
  const whole = path.resolve(startDir, entry);
  if ((await listOnce(whole)).length === 0) return [whole];
  await walk(whole, parsePattern('**'), listOnce, found);
  return [...found];
}

async function walk(
  folder: string,
  parts: readonly PatternPart[],
  list: ListFolder,
  found: Set<string>,
): Promise<void> {
  const [part, ...rest] = parts;
  if (part === undefined) return;
  if (part.kind === 'literal' && rest.length > 0) return walk(path.join(folder, part.name), rest, list, found);
  if (part.kind === 'folders') await walk(folder, rest, list, found);
  for (const entry of await list(folder)) {
    const whole = path.join(folder, entry.name);
    if (part.kind === 'folders') {
      const descend = entry.kind === 'folder' && !entry.isLink && !entry.name.startsWith('.');
      if (descend) await walk(whole, parts, list, found);
      continue;
    }
    if (part.kind === 'literal' ? part.name !== entry.name : !part.matches(entry.name)) continue;
    if (rest.length > 0) await walk(whole, rest, list, found);
    else if (entry.kind === 'file') found.add(whole);
  }
}
