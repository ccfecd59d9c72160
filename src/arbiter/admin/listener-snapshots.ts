// The listening sockets of a snapshot, and what the kernel says about them.

import { readFile } from 'node:fs/promises';
import { backlogIn, listeningSockets, wantedSockets } from '../../telemetry/listen-backlog.ts';
import type { ListenerSnapshot } from '../../telemetry/snapshot/snapshot.ts';
import type { Listeners } from '../sockets/listeners.ts';

export async function describeListeners(listeners: Listeners): Promise<readonly ListenerSnapshot[]> {
  const current = listeners.current().map(({ address }) => address);
  const sockets = current.some(({ kind }) => kind === 'tcp') ? await listeningSockets() : null;
  return current.map(({ label, kind, host, port }) => ({
    address: label,
    backlog:
      kind === 'tcp' && sockets !== null ? backlogIn(sockets, wantedSockets([{ host, port: Number(port) }])) : null,
  }));
}

/** /proc/net/netstat has a line of names and a line of numbers for each protocol. */
export async function readKernelDrops(): Promise<number | null> {
  const text = await readFile('/proc/self/net/netstat', 'latin1').catch(() => '');
  const [names = [], numbers = []] = text
    .split('\n')
    .filter((line) => line.startsWith('TcpExt:'))
    .map((line) => line.split(' '));
  const drops = numbers[names.indexOf('ListenDrops')];
  return drops === undefined ? null : Number(drops);
}
