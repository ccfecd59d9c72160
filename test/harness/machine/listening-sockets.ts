// The listening sockets among a process's descriptors, from /proc. Two copies of one socket count as two.

import { readdirSync, readFileSync, readlinkSync } from 'node:fs';

/** The kernel's TCP_LISTEN, as in /proc/net/tcp. */
const listenState = '0A';

/** O_NONBLOCK in the flags of /proc/PID/fdinfo, which are octal. */
const nonBlocking = 0o4000;

/** The number of TCP sockets. */
export function listeningDescriptors(pid: number): number {
  return descriptorsOf(pid, tcpInodes(pid)).length;
}

/** TCP and Unix sockets, and whether accept() on them may block. */
export function listenerModes(pid: number): ('blocking' | 'non-blocking')[] {
  const descriptors = descriptorsOf(pid, new Set([...tcpInodes(pid), ...unixInodes(pid)]));
  return descriptors.map((descriptor) => {
    const info = readFileSync(`/proc/${pid}/fdinfo/${descriptor}`, 'latin1');
    const flags = Number.parseInt(/^flags:\s*([0-7]+)$/m.exec(info)?.[1] ?? '', 8);
    return (flags & nonBlocking) === 0 ? 'blocking' : 'non-blocking';
  });
}

function descriptorsOf(pid: number, inodes: ReadonlySet<string>): string[] {
  const directory = `/proc/${pid}/fd`;
  return readdirSync(directory).filter((name) => inodes.has(socketInode(`${directory}/${name}`)));
}

function tcpInodes(pid: number): Set<string> {
  return new Set(['tcp', 'tcp6'].flatMap((table) => listeningInodes(`/proc/${pid}/net/${table}`)));
}

/** The kernel's __SO_ACCEPTCON: set for sockets that accept connections. */
function unixInodes(pid: number): string[] {
  const rows = readFileSync(`/proc/${pid}/net/unix`, 'latin1').trim().split('\n').slice(1);
  return rows.flatMap((row) => {
    const fields = row.trim().split(/\s+/);
    return fields[3] === '00010000' && fields[6] !== undefined ? [fields[6]] : [];
  });
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
