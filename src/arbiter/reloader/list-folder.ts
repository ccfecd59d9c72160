// Lists a folder, for patterns that are matched against its entries.

import fs from 'node:fs';
import path from 'node:path';
import type { FolderEntry } from './match-files.ts';

/** Nothing when there is no such folder, or when it cannot be read. */
export async function listFolder(folder: string): Promise<readonly FolderEntry[]> {
  try {
    const entries = await fs.promises.readdir(folder, { withFileTypes: true });
    return await Promise.all(
      entries.map(async (entry) => {
        const isFolder = entry.isSymbolicLink()
          ? await leadsToFolder(path.join(folder, entry.name))
          : entry.isDirectory();
        return { name: entry.name, kind: isFolder ? 'folder' : 'file', isLink: entry.isSymbolicLink() } as const;
      }),
    );
  } catch {
    return [];
  }
}

async function leadsToFolder(link: string): Promise<boolean> {
  try {
    return (await fs.promises.stat(link)).isDirectory();
  } catch {
    return false;
  }
}
