// What has to work with each pair of Node.js and Python: real servers, with the worker classes that need no package.

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readlinkSync, realpathSync } from 'node:fs';
import { delimiter, dirname } from 'node:path';
import process from 'node:process';
import { HttpConnection } from '../harness/clients/http-connection.ts';
import { getText, request, requestBytes } from '../harness/clients/http-request.ts';
import { Load, type LoadResult } from '../harness/clients/load.ts';
import { RawWebSocket, TEXT_FRAME } from '../harness/clients/raw-web-socket.ts';
import { generationServing, usingPython, workerTimeout } from '../harness/log-lines.ts';
import type { Rendezvous } from '../harness/rendezvous.ts';
import { Scene } from '../harness/scenario.ts';
import type { Server } from '../harness/server.ts';
import type { Pair } from './runtimes.ts';

interface Running {
  readonly pair: Pair;
  readonly scene: Scene;
  readonly rendezvous: Rendezvous;
  readonly server: Server;
}

interface WorkerClass {
  readonly name: string;
  readonly app: 'stress_wsgi' | 'stress_asgi';
  readonly without?: readonly string[];
}

export const CLASSES: readonly WorkerClass[] = [
  { name: 'sync', app: 'stress_wsgi' },
  { name: 'gthread', app: 'stress_wsgi' },
  { name: 'asgi', app: 'stress_asgi' },
];

/** They need packages, so they run with the tests' own virtual environment only. */
export const GREEN_CLASSES: readonly WorkerClass[] = [
  { name: 'gevent', app: 'stress_wsgi' },
  { name: 'eventlet', app: 'stress_wsgi' },
  // Tornado's WSGIContainer sends a response only when it is complete.
  { name: 'tornado', app: 'stress_wsgi', without: ['stream'] },
];

interface Step {
  readonly name: string;
  readonly says: string;
  readonly only?: WorkerClass['app'];
  readonly run: (running: Running) => Promise<void>;
}

/** In this order, over one server of each class; the last one stops it. */
export const STEPS: readonly Step[] = [
  { name: 'start', says: 'the command starts with this Node.js and this Python, and answers', run: starts },
  { name: 'kept', says: 'three requests on one connection', run: keepsConnection },
  { name: 'upload', says: 'a body of 1 MiB', run: ({ server }) => uploads(server, false) },
  { name: 'chunked', says: 'a body of 1 MiB in chunks', run: ({ server }) => uploads(server, true) },
  { name: 'stream', says: 'a response whose first piece arrives before the second is produced', run: streams },
  { name: 'WebSocket', says: 'an echo, under `asgi`', only: 'stress_asgi', run: echoes },
  { name: 'reload', says: '`HUP` under load: no request fails', run: reloads },
  { name: 'stop', says: '`TERM`: exit code 0, and no process is left', run: stops },
];

/** What does not work with the pair. */
export async function complaintsAbout(pair: Pair, classes: readonly WorkerClass[]): Promise<readonly string[]> {
  const complaints: string[] = [];
  for (const each of classes) complaints.push(...(await inScene((scene) => complaintsOfClass(scene, pair, each))));
  if (classes !== GREEN_CLASSES) complaints.push(...(await inScene((scene) => complaintsOfTimeout(scene, pair))));
  return complaints;
}

async function inScene(body: (scene: Scene) => Promise<readonly string[]>): Promise<readonly string[]> {
  const scene = new Scene();
  try {
    return await body(scene);
  } finally {
    await scene.end();
  }
}

async function complaintsOfClass(scene: Scene, pair: Pair, each: WorkerClass): Promise<readonly string[]> {
  let step = 'start';
  try {
    const rendezvous = await scene.rendezvous();
    const flags = ['--worker-class', each.name, '--workers', '2'];
    const server = await start(scene, pair, each.app, flags, rendezvous);
    for (const { name, only, run } of STEPS) {
      step = name;
      const applies = (only ?? each.app) === each.app && !each.without?.includes(name);
      if (applies) await run({ pair, scene, rendezvous, server });
    }
    return [];
  } catch (error) {
    return [`${each.name}, ${step}: ${error instanceof Error ? error.message : String(error)}`];
  }
}

async function complaintsOfTimeout(scene: Scene, pair: Pair): Promise<readonly string[]> {
  try {
    const rendezvous = await scene.rendezvous();
    const server = await start(scene, pair, 'stress_wsgi', ['--timeout', '3'], rendezvous);
    const [worker = 0] = await server.workers(1);
    const hanging = request(server.target, '/sleep').catch((error: unknown) => error);
    await server.waitForLog(workerTimeout(worker));
    await server.waitForLog(/in fall_asleep$/);
    await hanging;
    await getText(server.target);
    return [];
  } catch (error) {
    return [`timeout: ${error instanceof Error ? error.message : String(error)}`];
  }
}

/** `bin/tunicorn` itself, whose first line finds Node.js on PATH. */
async function start(
  scene: Scene,
  { node, python }: Pair,
  app: string,
  flags: readonly string[],
  rendezvous: Rendezvous,
): Promise<Server> {
  return await scene.tunicorn({
    app,
    args: ['--python', python.path, ...flags],
    env: {
      PATH: [dirname(node.path), process.env.PATH].join(delimiter),
      TUNICORN_NODE: undefined,
      VIRTUAL_ENV: undefined,
      RENDEZVOUS: rendezvous.address,
      LEDGER: scene.write('ledger', ''),
    },
  });
}

async function starts({ pair, server }: Running): Promise<void> {
  const [, ...version] = await server.waitForLog(usingPython);
  assert.equal(version.slice(0, 3).join('.'), pair.python.name.split(' ')[0]);
  for (const pid of [server.pid, ...server.family().gateways]) {
    assert.equal(readlinkSync(`/proc/${pid}/exe`), realpathSync(pair.node.path));
  }
  assert.match(await getText(server.target), /^- /);
}

async function keepsConnection({ scene, server }: Running): Promise<void> {
  const connection = await scene.connect(server);
  for (const id of ['one', 'two', 'three']) {
    await connection.send(requestBytes('/', { headers: { 'X-Id': id } }));
    assert.match((await connection.response()).body.toString(), new RegExp(`^${id} `));
  }
}

async function uploads(server: Server, isChunked: boolean): Promise<void> {
  const body = Buffer.alloc(1 << 20, 'upload ');
  const connection = await HttpConnection.open(server.target);
  try {
    if (isChunked) await connection.send(chunked(body));
    else await connection.send(requestBytes('/', { method: 'POST', body }));
    const digest = createHash('sha256').update(body).digest('hex');
    assert.equal((await connection.response('POST')).body.toString(), `- ${digest}`);
  } finally {
    connection.close();
  }
}

function chunked(body: Buffer): Buffer {
  const half = body.length / 2;
  const pieces = [body.subarray(0, half), body.subarray(half)];
  return Buffer.concat([
    requestBytes('/', { method: 'POST', headers: { 'Transfer-Encoding': 'chunked' } }),
    ...pieces.flatMap((piece) => [Buffer.from(`${piece.length.toString(16)}\r\n`), piece, Buffer.from('\r\n')]),
    Buffer.from('0\r\n\r\n'),
  ]);
}

async function streams({ scene, rendezvous, server }: Running): Promise<void> {
  const connection = await scene.connect(server);
  await connection.send(requestBytes('/hold-late'));
  assert.equal((await connection.head()).status, 200);
  assert.equal((await connection.chunk())?.toString(), 'begun');
  await rendezvous.arrived('held');
  rendezvous.release('held');
  assert.equal((await connection.chunk())?.toString(), 'done');
  assert.equal(await connection.chunk(), undefined);
}

async function echoes({ server }: Running): Promise<void> {
  const socket = await RawWebSocket.open(server.target);
  assert.equal((await socket.accepted()).status, 101);
  await socket.send(TEXT_FRAME, 'echo');
  assert.equal((await socket.frame()).payload.toString(), 'echo');
  socket.connection.close();
}

async function reloads({ server }: Running): Promise<void> {
  const load = underLoad(server);
  await load.answeredMore(5);
  const since = server.log.mark();
  server.signal('SIGHUP');
  await server.waitForLog(generationServing(2), since);
  await load.answeredMore(20);
  assertNoneFailed(await load.stop());
}

async function stops({ server }: Running): Promise<void> {
  const { code } = await server.stop();
  assert.equal(code, 0);
  await server.nothingLeft();
}

function underLoad(server: Server): Load {
  return new Load(server.target, {
    keepAliveClients: 2,
    freshClients: 1,
    pauseMs: 5,
    request: (id) => ({ path: '/', headers: { 'X-Id': id } }),
    check: ({ body }, id) => (body.toString().startsWith(`${id} `) ? undefined : `answered ${body}`),
  });
}

function assertNoneFailed({ failed, wrong, complaints }: LoadResult): void {
  assert.equal(failed + wrong, 0, complaints.join('\n'));
}
