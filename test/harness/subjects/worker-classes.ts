// The worker classes that run several requests concurrently, for tests that run for each of them.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { WORKER_CLASSES } from '../../../src/settings/for-processes/worker-classes.ts';
import type { HttpConnection } from '../clients/http-connection.ts';
import { requestBytes } from '../clients/http-request.ts';
import { otherServer } from '../project.ts';
import type { Rendezvous } from '../rendezvous.ts';
import { type LaunchOptions, type ScenarioOptions, type Scene, scenario } from '../scenario.ts';
import type { Server } from '../server.ts';

export interface ClassUnderTest {
  readonly name: string;
  readonly dialect: 'wsgi' | 'asgi';
  /** Whether one thread runs all requests of a worker, so that a blocking one stops the others. */
  readonly hasLoop: boolean;
  /** The setting that limits the concurrent requests of a worker. */
  readonly bound: '--threads' | '--worker-connections';
}

const known: readonly ClassUnderTest[] = [
  { name: 'gthread', dialect: 'wsgi', hasLoop: false, bound: '--threads' },
  { name: 'gevent', dialect: 'wsgi', hasLoop: true, bound: '--worker-connections' },
  { name: 'asgi', dialect: 'asgi', hasLoop: true, bound: '--worker-connections' },
];

const classesUnderTest: readonly ClassUnderTest[] = known.filter(({ name }) =>
  WORKER_CLASSES.some((each) => each.name === name),
);

export interface ClassServer {
  readonly kind: ClassUnderTest;
  readonly scene: Scene;
  readonly rendezvous: Rendezvous;
  /** The file with the application's records. */
  readonly ledger: string;
  readonly server: Server;
}

export interface ClassLaunch {
  readonly workers: number;
  /** Concurrent requests per worker. */
  readonly each: number;
  readonly args?: readonly string[];
  readonly env?: LaunchOptions['env'];
}

/** A scenario for each worker class, on its own server with test/apps/worker-classes/stress_wsgi.py or stress_asgi.py. */
export function forEachClass(
  title: string,
  launch: ClassLaunch,
  body: (running: ClassServer) => Promise<void>,
  { only = () => true, ...options }: ScenarioOptions & { readonly only?: (kind: ClassUnderTest) => boolean } = {},
): void {
  for (const kind of classesUnderTest.filter(only)) {
    scenario(
      `${kind.name}: ${title}`,
      async (scene) => {
        await body(await launchClass(scene, kind, launch));
      },
      { ...options, skip: otherServer && 'only for Tunicorn' },
    );
  }
}

export interface Run {
  readonly id: string;
  readonly pid: number;
}

/** The application's calls with an X-Id, in order. */
export function runsOf({ ledger }: Pick<ClassServer, 'ledger'>): Run[] {
  return [...readFileSync(ledger, 'utf8').matchAll(/^(\S+) (\d+)$/gm)].map(([, id = '', pid]) => ({
    id,
    pid: Number(pid),
  }));
}

export function assertNothingRanTwice(running: ClassServer): void {
  const ids = runsOf(running).map(({ id }) => id);
  assert.equal(new Set(ids).size, ids.length, 'nothing ran twice');
}

export interface Held {
  readonly id: string;
  readonly connection: HttpConnection;
}

/** Sends this many requests, which wait in the application until the test opens "held". */
export async function hold(running: ClassServer, count: number, path = '/hold', name = 'held'): Promise<Held[]> {
  const { scene, server, rendezvous } = running;
  const before = rendezvous.waiting('held');
  const all: Held[] = [];
  for (let number = 0; number < count; number += 1) {
    const id = `${name}-${number}`;
    const connection = await scene.connect(server);
    await connection.send(requestBytes(path, { headers: { 'X-Id': id } }));
    all.push({ id, connection });
  }
  await rendezvous.arrived('held', before + count);
  return all;
}

async function launchClass(scene: Scene, kind: ClassUnderTest, launch: ClassLaunch): Promise<ClassServer> {
  const rendezvous = await scene.rendezvous();
  const ledger = scene.write('ledger', '');
  const server = await scene.tunicorn({
    app: `stress_${kind.dialect}`,
    args: [
      '--worker-class',
      kind.name,
      kind.bound,
      String(launch.each),
      '--workers',
      String(launch.workers),
      ...(launch.args ?? []),
    ],
    env: {
      RENDEZVOUS: rendezvous.address,
      LEDGER: ledger,
      BROKEN: scene.path('broken'),
      BROKEN_LIFESPAN: scene.path('broken-lifespan'),
      ...Object.fromEntries(
        Object.entries(launch.env ?? {}).map(([name, value]) => [name, value?.replace('{dir}', scene.dir)]),
      ),
    },
  });
  await server.workers(launch.workers);
  return { kind, scene, rendezvous, ledger, server };
}
