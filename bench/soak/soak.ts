// One soak from start to end: servers, clients, disturbances and findings.

import { rmSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { within } from '../../test/harness/deadline.ts';
import { Scene } from '../../test/harness/scenario.ts';
import { hangingClients, httpClients } from './clients/http-clients.ts';
import { leavingClients } from './clients/leaving-clients.ts';
import { type ClientKind, Traffic } from './clients/traffic.ts';
import { webSocketClients } from './clients/web-socket-clients.ts';
import { type Disturbance, Disturbances } from './disturbances.ts';
import { leftovers, restless } from './leftovers.ts';
import { Recorder, type Series } from './recorder.ts';
import { type ServerUnderSoak, type SoakedServer, startServer } from './servers.ts';
import type { Tally } from './tally.ts';

/** Longer than graceful_timeout, so that the log names the worker that did not end. */
const exitsWithinMs = 120_000;
const killedAtTheEnd = /Worker \(pid:\d+\) was killed: .*/g;

export interface ServerResult {
  readonly name: string;
  readonly tally: Tally;
  readonly disturbances: readonly Disturbance[];
  /** All faults except growth and failed visits. */
  readonly complaints: readonly string[];
  readonly log: string;
}

export interface SoakResult {
  readonly beganAt: Date;
  /** The time with clients; the series' times count from its beginning. */
  readonly lastedMs: number;
  readonly servers: readonly ServerResult[];
  readonly series: readonly Series[];
}

/** Stops early, in order, when it is aborted. */
export async function soak(
  kinds: readonly ServerUnderSoak[],
  forMs: number,
  aborted: AbortSignal,
  say: (text: string) => void,
): Promise<SoakResult> {
  const scene = new Scene();
  try {
    const soaked: SoakedServer[] = [];
    for (const kind of kinds) {
      const each = await startServer(scene, kind);
      scene.defer(() => rmSync(each.runtimeDir, { recursive: true, force: true }));
      soaked.push(each);
      say(`${kind.name} serves, pid ${each.server.pid}`);
    }
    return await soakServers(soaked, forMs, aborted, say);
  } finally {
    await scene.end();
  }
}

async function soakServers(
  soaked: readonly SoakedServer[],
  forMs: number,
  aborted: AbortSignal,
  say: (text: string) => void,
): Promise<SoakResult> {
  const beganAt = new Date();
  const beganMs = performance.now();
  const recorder = new Recorder(soaked, beganMs);
  const running = soaked.map((each) => {
    const traffic = new Traffic(each.target, clientsOf(each.kind), beganMs);
    return { soaked: each, traffic, disturbances: new Disturbances(each, traffic.tally, beganMs, forMs) };
  });
  await delay(forMs, undefined, { signal: aborted }).catch(() => {});
  const lastedMs = performance.now() - beganMs;
  await recorder.stop();
  say('the clients leave');
  const servers = await Promise.all(
    running.map(async ({ soaked: each, traffic, disturbances }): Promise<ServerResult> => {
      await disturbances.stop();
      await traffic.stop();
      const complaints = [...disturbances.complaints, ...(await endOf(each))];
      const zombies = recorder.oldZombies(each.kind.name);
      return {
        name: each.kind.name,
        tally: traffic.tally,
        disturbances: disturbances.dealt,
        complaints: [...complaints, ...zombies.map((zombie) => `not waited for: ${zombie}`)],
        log: each.server.log.text(),
      };
    }),
  );
  return { beganAt, lastedMs, servers, series: recorder.series() };
}

function clientsOf({ dialect, hangs }: ServerUnderSoak): ClientKind[] {
  return [
    ...httpClients,
    ...leavingClients,
    ...(hangs ? hangingClients : []),
    ...(dialect === 'asgi' ? webSocketClients : []),
  ];
}

/** Checks what a server holds at rest, how it ends, and what remains of it. */
async function endOf(soaked: SoakedServer): Promise<string[]> {
  const held = await restless(soaked);
  const mark = soaked.server.log.mark();
  soaked.server.signal('SIGTERM');
  const { code, signal } = await within('the server to exit', soaked.server.exit, exitsWithinMs);
  const overdue = soaked.server.log.text(mark).match(killedAtTheEnd) ?? [];
  const processes = await soaked.server.nothingLeft().then(
    () => [],
    () => soaked.server.family().all.map((pid) => `process ${pid} is left`),
  );
  const left = await leftovers(soaked);
  return [
    ...held.map((what) => `at rest, it still holds ${what}`),
    ...overdue.map((line) => `nothing ran any more, but ${line}`),
    ...(code === 0 ? [] : [`TERM ended it with ${signal ?? `exit code ${code}`}`]),
    ...processes,
    ...left.map((what) => `after its end there are ${what}`),
  ];
}
