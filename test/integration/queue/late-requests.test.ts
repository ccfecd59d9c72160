// The log lines about requests that take too long: one each, with the place in the code.

import assert from 'node:assert/strict';
import { requestBytes } from '../../harness/clients/http-request.ts';
import { otherServer } from '../../harness/project.ts';
import { type LaunchOptions, scenario } from '../../harness/scenario.ts';

const only = { skip: otherServer && 'only for Tunicorn' } as const;

const WSGI = `
import os, time
import rendezvous

def deepest():
    rendezvous.note("asleep")
    time.sleep(3600)

def application(environ, start_response):
    deepest()
`;
const ASGI = `
import asyncio
import rendezvous

async def deepest():
    rendezvous.note("asleep")
    await asyncio.sleep(3600)

async def application(scope, receive, send):
    if scope["type"] == "http":
        await deepest()
`;

const CLASSES: readonly (readonly [name: string, text: string])[] = [
  ['sync', WSGI],
  ['gthread', WSGI],
  ['gevent', WSGI],
  ['asgi', ASGI],
];

for (const [name, text] of CLASSES) {
  scenario(
    `${name}: a worker that is killed at graceful_timeout is logged once, with its request and the stack of that`,
    async (scene) => {
      const rendezvous = await scene.rendezvous();
      const server = await scene.tunicorn({
        app: 'late',
        files: { 'late.py': text },
        args: ['-k', name, '--graceful-timeout', '1'],
        env: { RENDEZVOUS: rendezvous.address },
      } satisfies LaunchOptions);
      const [pid = 0] = await server.workers(1);
      const connection = await scene.connect(server);
      await connection.send(requestBytes('/orders?id=1'));
      await rendezvous.noted('asleep');
      assert.equal((await server.stop()).code, 0);
      assert.equal((await connection.response()).status, 503);
      const log = server.log.text();
      assert.equal(count(log, /GET \/orders\?id=1 was cut short by the shutdown after \d+\.\d s/), 1, log);
      assert.equal(count(log, new RegExp(`Worker \\(pid:${pid}\\) was killed: it did not finish within`)), 1, log);
      assert.equal(count(log, /late\.py", line \d+,? in deepest/), 1, log);
    },
    only,
  );
}

scenario(
  'tornado: each of several WSGI requests beyond timeout is logged once, and so is the code that blocks them',
  async (scene) => {
    const rendezvous = await scene.rendezvous();
    const server = await scene.tunicorn({
      app: 'late',
      files: { 'late.py': WSGI },
      args: ['-k', 'tornado', '--timeout', '3'],
      env: { RENDEZVOUS: rendezvous.address },
    });
    const [pid = 0] = await server.workers(1);
    const connections = await Promise.all([1, 2, 3, 4].map(() => scene.connect(server)));
    for (const [number, connection] of connections.entries()) await connection.send(requestBytes(`/late-${number}`));
    const statuses = await Promise.all(connections.map(async (connection) => (await connection.response()).status));
    for (const status of statuses) assert.ok([502, 504].includes(status), `${status}`);
    await server.waitForLog(new RegExp(`Worker \\(pid:${pid}\\) is gone\\.$`));
    const log = server.log.text();
    const late = (number: number): RegExp => new RegExp(`REQUEST TIMEOUT \\(pid:${pid}\\) GET /late-${number} `);
    for (const number of connections.keys()) assert.ok(count(log, late(number)) <= 1, log);
    assert.doesNotMatch(log, /Ticket \d+|WorkerEnded/);
    const overdue = [...log.matchAll(/REQUEST TIMEOUT \(pid:\d+\) GET \/late-\d after \d+\.\d s\. (.*\n.*)/g)];
    assert.ok(overdue.length > 0, log);
    for (const [, where = ''] of overdue) assert.match(where, /^What it was doing:\n(?:Current t|T)hread/, log);
    // One for each request, and for each blocked loop: a request may pass to the worker's successor, whose loop it blocks, too.
    const blocked = count(log, /has had a blocked event loop/);
    assert.ok(blocked > 0, log);
    assert.equal(count(log, /late\.py", line \d+,? in deepest/), overdue.length + blocked, log);
  },
  only,
);

function count(text: string, pattern: RegExp): number {
  return [...text.matchAll(new RegExp(pattern, 'g'))].length;
}
