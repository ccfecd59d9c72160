// How changes in a folder are noticed: by the kernel's inotify, or by polling every second.

import fs from 'node:fs';

export type Engine = 'auto' | 'inotify' | 'poll';

export type Notification =
  | { readonly kind: 'inotify'; readonly close: () => void }
  /** `why` is for the log; null if the settings ask for polling. */
  | { readonly kind: 'poll'; readonly why: string | null };

/** File systems that another machine can change without inotify noticing (statfs(2), f_type). */
const SHARED_FILE_SYSTEMS: ReadonlyMap<number, string> = new Map([
  [0x6969, 'NFS'],
  [0x517b, 'SMB'],
  [0xfe534d42, 'SMB'],
  [0xff534d42, 'CIFS'],
  [0x01021997, '9p'],
  [0x65735546, 'FUSE'],
  [0x786f4256, 'VirtualBox shared folder'],
  [0x00c36400, 'Ceph'],
  [0x5346414f, 'AFS'],
]);

/** `changed` receives the name of an entry of the folder, or null if any entry may have changed. */
export async function notifyOf(
  folder: string,
  engine: Engine,
  changed: (name: string | null) => void,
): Promise<Notification> {
  if (engine === 'poll') return { kind: 'poll', why: null };
  if (engine === 'auto') {
    const shared = await sharedFileSystem(folder);
    if (shared !== null) return { kind: 'poll', why: `${folder} is on a shared file system (${shared})` };
  }
  try {
    const watcher = fs.watch(folder, { persistent: false }, (_event, name) => changed(name));
    // The folder itself is gone or no longer readable; the next check finds that out.
    watcher.on('error', () => watcher.close());
    return { kind: 'inotify', close: () => watcher.close() };
  } catch (error) {
    return { kind: 'poll', why: `${folder} cannot be watched by inotify (${reasonOf(error)})` };
  }
}

async function sharedFileSystem(folder: string): Promise<string | null> {
  try {
    const { type } = await fs.promises.statfs(folder);
    // The number is signed on some machines.
    return SHARED_FILE_SYSTEMS.get(type >>> 0) ?? null;
  } catch {
    return null; // Gone in the meantime; the next check finds that out.
  }
}

function reasonOf(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? String(error.code) : String(error);
  if (code === 'ENOSPC') return 'the limit /proc/sys/fs/inotify/max_user_watches is reached';
  if (code === 'EMFILE') return 'the limit /proc/sys/fs/inotify/max_user_instances is reached';
  return code;
}
