// Counts the connections that wait in the kernel to be accepted (the setting `enable_backlog_metric`): the sum over the listening TCP
// sockets, from /proc/net/tcp and tcp6.

import fs from 'node:fs';

export interface ListeningAddress {
  readonly host: string;
  readonly port: number;
}

const LISTEN = '0A';
const CHUNK_BYTES = 64 * 1024;

/** Undefined if /proc does not have it. */
export async function listenBacklog(addresses: readonly ListeningAddress[]): Promise<number | undefined> {
  const text = await listeningSockets();
  return text === null ? undefined : backlogIn(text, wantedSockets(addresses));
}

export function wantedSockets(addresses: readonly ListeningAddress[]): ReadonlySet<string> {
  return new Set(addresses.map(({ host, port }) => `${canonical(host)} ${port}`));
}

/** The lines of /proc/net/tcp and tcp6 about listening sockets; null if /proc does not have them. */
export async function listeningSockets(): Promise<string | null> {
  const texts = await Promise.all(['/proc/self/net/tcp', '/proc/self/net/tcp6'].map(listeningLines));
  const known = texts.filter((text) => text !== undefined);
  return known.length === 0 ? null : known.join('\n');
}

/** Sums up lines of /proc/net/tcp: for a listening socket, rx_queue is the length of its backlog (proc_pid_net(5)). */
export function backlogIn(text: string, wanted: ReadonlySet<string>): number {
  let waiting = 0;
  for (const line of text.split('\n')) {
    const [, local = '', , state, queues = ''] = line.trim().split(/\s+/);
    const [address = '', port = ''] = local.split(':');
    if (state !== LISTEN || !wanted.has(`${addressOf(address)} ${Number.parseInt(port, 16)}`)) continue;
    waiting += Number.parseInt(queues.split(':')[1] ?? '0', 16);
  }
  return waiting;
}

/** The kernel lists listening sockets first, then perhaps a hundred thousand connections, which are not read. */
async function listeningLines(file: string): Promise<string | undefined> {
  const handle = await fs.promises.open(file).catch(() => undefined);
  if (handle === undefined) return undefined;
  try {
    const buffer = Buffer.allocUnsafe(CHUNK_BYTES);
    let text = '';
    while (true) {
      const { bytesRead } = await handle.read(buffer, 0, CHUNK_BYTES);
      text += buffer.toString('latin1', 0, bytesRead);
      const last = text.slice(0, text.lastIndexOf('\n')).split('\n').at(-1) ?? '';
      if (bytesRead === 0 || (!last.includes(` ${LISTEN} `) && !last.includes('local_address'))) return text;
    }
  } finally {
    await handle.close();
  }
}

/** The kernel prints hexadecimal words in the machine's byte order, which is little-endian wherever Node runs. */
function addressOf(hex: string): string {
  const bytes = Buffer.from(hex, 'hex');
  for (let at = 0; at + 4 <= bytes.length; at += 4) bytes.subarray(at, at + 4).reverse();
  if (bytes.length === 4) return bytes.join('.');
  return canonical((bytes.toString('hex').match(/.{4}/g) ?? []).join(':'));
}

/** Compares addresses by their bytes: IPv6 has many spellings of one address. */
function canonical(host: string): string {
  return host.includes(':') && URL.canParse(`http://[${host}]`) ? new URL(`http://[${host}]`).hostname : host;
}
