// A worker that dies at a chosen instant of taking, claiming, running and answering a ticket: TUNICORN_FAULT=POINT:kill:FILE makes the
// first worker that passes the point kill itself there. The request runs at most once, and its client gets a response.

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { field, HttpConnection, type HttpResponse, NoResponseError } from '../../harness/clients/http-connection.ts';
import { requestBytes } from '../../harness/clients/http-request.ts';
import { otherServer } from '../../harness/project.ts';
import { type Scene, scenario } from '../../harness/scenario.ts';
import type { Server } from '../../harness/server.ts';

type Outcome = 'answered' | 'bad gateway' | 'cut off';

/** The responses that the client of the faulty request may get. */
const points: readonly (readonly [point: string, outcomes: readonly Outcome[], runs: readonly number[]])[] = [
  // Taken and not claimed: the application has not seen it, so another worker may.
  ['after-take', ['answered'], [1]],
  ['after-claim', ['bad gateway'], [0]],
  ['after-ask', ['answered', 'bad gateway'], [0, 1]],
  ['in-app', ['bad gateway'], [0, 1]],
  ['after-head', ['bad gateway', 'cut off'], [1]],
  ['before-end', ['bad gateway', 'cut off'], [1]],
  ['after-end', ['answered'], [1]],
  ['after-release', ['answered'], [1]],
];
const clients = 4;
const requestsPerClient = 15;

for (const [point, outcomes, runs] of points) {
  // Only data that does not fit into the ticket is asked for.
  const sizes = point === 'after-ask' ? [16_384] : [100, 16_384];
  for (const size of sizes) {
    for (const workers of [1, 3]) {
      scenario(
        `a worker killed ${point.replace('-', ' ')} (${size} bytes, ${workers} workers): the request runs at most once, and its client gets a response`,
        async (scene) => {
          const fault = scene.path('fault');
          const ledger = scene.write('ledger', '');
          const server = await start(scene, workers, `${point}:kill:${fault}`, ledger);
          const results = await Promise.all(
            Array.from({ length: clients }, async (_, client) => await askMany(server, client, size)),
          );
          assert.ok(existsSync(fault), 'the fault happened');
          const all = new Map(results.flatMap((result) => [...result]));
          assert.equal(all.size, clients * requestsPerClient, 'every client heard of every request');
          const unlucky = [...all].filter(([, outcome]) => outcome !== 'answered');
          const expected = outcomes.includes('answered') ? [0, 1] : [1];
          assert.ok(expected.includes(unlucky.length), `${unlucky.length} not answered: ${unlucky.join('; ')}`);
          for (const [id, outcome] of unlucky) assert.ok(outcomes.includes(outcome), `${id}: ${outcome}`);
          const count = countRuns(ledger);
          for (const [id, outcome] of all) {
            const allowed = outcome === 'answered' ? [1] : runs;
            assert.ok(allowed.includes(count.get(id) ?? 0), `${id} (${outcome}) ran ${count.get(id) ?? 0} times`);
          }
          await server.workers(workers);
          assert.equal(await getAnswer(server, 'last', size), 'answered');
          assert.equal((await server.stop()).code, 0);
          await server.nothingLeft();
        },
        { skip: otherServer && 'only for Tunicorn' },
      );
    }
  }
}

scenario(
  'a worker that is stopped inside the application is timed out like a slow one',
  async (scene) => {
    const ledger = scene.write('ledger', '');
    const server = await start(scene, 1, `in-app:stop:${scene.path('fault')}`, ledger, ['--timeout', '1']);
    const connection = await scene.connect(server);
    await connection.send(bytesOf('stopped', 100));
    assert.equal((await connection.response('POST')).status, 504);
    assert.equal(await getAnswer(server, 'next', 100), 'answered');
  },
  { skip: otherServer && 'only for Tunicorn' },
);

async function start(
  scene: Scene,
  workers: number,
  fault: string,
  ledger: string,
  args: readonly string[] = [],
): Promise<Server> {
  const server = await scene.tunicorn({
    app: 'faulty',
    args: ['--workers', String(workers), ...args],
    env: { TUNICORN_FAULT: fault, LEDGER: ledger },
  });
  await server.workers(workers);
  return server;
}

/** One client's requests, each on the same connection as long as that stays open. */
async function askMany(server: Server, client: number, size: number): Promise<ReadonlyMap<string, Outcome>> {
  const outcomes = new Map<string, Outcome>();
  let connection: HttpConnection | undefined;
  for (let number = 0; number < requestsPerClient; number += 1) {
    const id = `${client}-${number}`;
    connection ??= await HttpConnection.open(server.target);
    const { outcome, goesOn } = await ask(connection, id, size);
    outcomes.set(id, outcome);
    if (goesOn) continue;
    connection.close();
    connection = undefined;
  }
  connection?.close();
  return outcomes;
}

async function getAnswer(server: Server, id: string, size: number): Promise<Outcome> {
  const connection = await HttpConnection.open(server.target);
  const { outcome } = await ask(connection, id, size);
  connection.close();
  return outcome;
}

interface Answer {
  readonly outcome: Outcome;
  /** Whether the connection accepts another request. */
  readonly goesOn: boolean;
}

async function ask(connection: HttpConnection, id: string, size: number): Promise<Answer> {
  await connection.send(bytesOf(id, size));
  let response: HttpResponse;
  try {
    response = await connection.response('POST');
  } catch (error) {
    if (error instanceof NoResponseError) throw new Error(`${id} was met with silence`, { cause: error });
    throw error;
  }
  const outcome = judge(response, id, size);
  return { outcome, goesOn: outcome !== 'cut off' && field(response, 'Connection') === 'keep-alive' };
}

function judge(response: HttpResponse, id: string, size: number): Outcome {
  if (response.status === 502) return 'bad gateway';
  assert.equal(response.status, 200, id);
  if (response.end === 'cut') return 'cut off';
  const digest = createHash('sha256').update(bodyOf(id, size)).digest('hex');
  assert.equal(response.body.toString('latin1'), `${id} ${digest}\n${'p'.repeat(100_000)}end`);
  return 'answered';
}

function bytesOf(id: string, size: number): Buffer {
  return requestBytes('/', { method: 'POST', headers: { 'X-Id': id }, body: bodyOf(id, size) });
}

function bodyOf(id: string, size: number): Buffer {
  return Buffer.alloc(size, `${id}; `);
}

function countRuns(ledger: string): ReadonlyMap<string, number> {
  const count = new Map<string, number>();
  for (const id of readFileSync(ledger, 'utf8').trim().split('\n')) count.set(id, (count.get(id) ?? 0) + 1);
  return count;
}
