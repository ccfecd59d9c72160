// Finds the resources that a server still holds when its clients have left, and the remains of a server that has ended.

import { existsSync, readdirSync, readFileSync } from 'node:fs';
import type { Target } from '../../test/harness/clients/http-connection.ts';
import { eventually } from '../../test/harness/deadline.ts';
import { ProcessTable } from './processes.ts';
import { countFiles } from './recorder.ts';
import type { SoakedServer } from './servers.ts';

const comesToRestWithinMs = 60_000;
const endsWithinMs = 60_000;

/** Waits until nothing is held for clients that have left. Returns what is still held at the deadline. */
export async function restless(soaked: SoakedServer): Promise<string[]> {
  return await none('the server to come to rest', () => heldForClients(soaked), comesToRestWithinMs);
}

/** The same for the remains of an ended server. */
export async function leftovers(soaked: SoakedServer): Promise<string[]> {
  return await none('everything to be gone', () => remains(soaked), endsWithinMs);
}

function heldForClients({ server, target, spoolDir }: SoakedServer): string[] {
  const gateways = new ProcessTable().samples(server.pid).filter(({ role }) => role === 'gateway');
  const nameless = gateways.reduce((sum, { namelessFiles }) => sum + namelessFiles, 0);
  return [
    ...some(connections(target).filter(({ state }) => state !== 'listening').length, 'connections of clients'),
    ...some(countFiles(spoolDir), 'spool files'),
    ...some(nameless, 'spool files without a name'),
  ];
}

function remains({ target, runtimeDir, spoolDir, pidFile }: SoakedServer): string[] {
  return [
    ...some(connections(target).length, 'sockets'),
    ...some(readdirSync(runtimeDir).length, `entries in ${runtimeDir}`),
    ...some(readdirSync(spoolDir).length, 'entries in the spool directory'),
    ...(existsSync(pidFile) ? ['the pid file'] : []),
    ...('path' in target && existsSync(target.path) ? ['the Unix socket'] : []),
  ];
}

async function none(what: string, look: () => string[], limitMs: number): Promise<string[]> {
  let seen: string[] = [];
  const looked = eventually(
    what,
    () => {
      seen = look();
      return seen.length === 0;
    },
    limitMs,
  );
  await looked.catch(() => {});
  return seen;
}

function some(count: number, what: string): string[] {
  return count === 0 ? [] : [`${count} ${what}`];
}

interface Connection {
  readonly state: 'listening' | 'open';
}

/** The server's ends of connections, without closed ones that only the kernel remembers (TIME_WAIT). */
function connections(target: Target): Connection[] {
  return 'path' in target ? unixConnections(target.path) : tcpConnections(target.port);
}

function tcpConnections(port: number): Connection[] {
  const suffix = `:${port.toString(16).toUpperCase().padStart(4, '0')}`;
  const timeWait = '06';
  const listening = '0A';
  return rows('/proc/net/tcp')
    .filter(([, local, , state]) => local?.endsWith(suffix) && state !== timeWait)
    .map(([, , , state]) => ({ state: state === listening ? 'listening' : 'open' }));
}

function unixConnections(path: string): Connection[] {
  const listening = '00010000';
  return rows('/proc/net/unix')
    .filter((row) => row[7] === path)
    .map((row) => ({ state: row[3] === listening ? 'listening' : 'open' }));
}

function rows(file: string): string[][] {
  return readFileSync(file, 'latin1')
    .split('\n')
    .slice(1)
    .map((line) => line.trim().split(/\s+/));
}
