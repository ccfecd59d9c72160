// How many descriptors of one process are listening TCP sockets, as /proc shows it. Two copies of one socket count as two.

import { readdirSync, readFileSync, readlinkSync } from 'node:fs';

/** TCP_LISTEN of the kernel, as /proc/net/tcp writes it. */
const listenState = '0A';

export function listeningDescriptors(pid: number): number {
  const listening = new Set(['tcp', 'tcp6'].flatMap((table) => listeningInodes(`/proc/${pid}/net/${table}`)));
  const directory = `/proc/${pid}/fd`;
  return readdirSync(directory).filter((name) => listening.has(socketInode(`${directory}/${name}`))).length;
}

function listeningInodes(table: string): string[] {
  const rows = readFileSync(table, 'latin1').trim().split('\n').slice(1);
  return rows.flatMap((row) => {
    const fields = row.trim().split(/\s+/);
    return fields[3] === listenState && fields[9] !== undefined ? [fields[9]] : [];
  });
}

function socketInode(link: string): string {
  try {
    return /^socket:\[(\d+)\]$/.exec(readlinkSync(link))?.[1] ?? '';
  } catch {
    return ''; // Closed since the directory was listed.
  }
}
