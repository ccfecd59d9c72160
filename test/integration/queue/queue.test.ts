// Requests that wait for a worker: how many, how long, in which order, and those whose clients leave. One worker runs one request and
// has one ticket ahead; further requests wait in the gateway.

import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { OVERLOADED_MS } from '../../../src/gateway/queue/queue-policy.ts';
import { halfCloseMeansGone } from '../../harness/clients/half-close.ts';
import { field, type HttpConnection, type HttpResponse } from '../../harness/clients/http-connection.ts';
import { type RequestOptions, request, requestBytes } from '../../harness/clients/http-request.ts';
import { eventually, pause } from '../../harness/deadline.ts';
import type { Rendezvous } from '../../harness/rendezvous.ts';
import { onlyTunicorn, type Scene, scenario } from '../../harness/scenario.ts';
import type { Server } from '../../harness/server.ts';

interface Waiting {
  readonly name: string;
  readonly connection: HttpConnection;
  readonly response: Promise<HttpResponse>;
}

let counters = 0;

/** A server whose only worker waits for the test in each request to /hold. */
class Counter {
  readonly server: Server;
  readonly #scene: Scene;
  readonly #rendezvous: Rendezvous;
  readonly #ledger: string;

  private constructor(scene: Scene, server: Server, rendezvous: Rendezvous, ledger: string) {
    this.#scene = scene;
    this.server = server;
    this.#rendezvous = rendezvous;
    this.#ledger = ledger;
  }

  static async open(scene: Scene, args: readonly string[]): Promise<Counter> {
    const rendezvous = await scene.rendezvous();
    const ledger = scene.path(`ledger ${counters}`);
    counters += 1;
    const server = await scene.tunicorn({
      app: 'recorded',
      env: { RENDEZVOUS: rendezvous.address, LEDGER: ledger },
      args: ['--workers', '1', '--timeout', '3600', '--access-logfile', '-', ...accessFormat, ...args],
    });
    return new Counter(scene, server, rendezvous, ledger);
  }

  /** Sends a request of this name; the gateway has read it before this returns. */
  async come(name: string, options: RequestOptions = {}): Promise<Waiting> {
    const connection = await this.#scene.connect(this.server);
    await connection.send(requestBytes('/hold', { ...options, headers: { 'X-Id': name, ...options.headers } }));
    await this.read();
    const response = connection.response(options.method);
    // A caller that needs it awaits it, perhaps after it has failed.
    response.catch(() => {});
    return { name, connection, response };
  }

  async comeAll(names: string): Promise<Waiting[]> {
    const all: Waiting[] = [];
    for (const name of names) all.push(await this.come(name));
    return all;
  }

  /** A refusal needs no worker, and its connection comes last: when it arrives, the gateway has read everything sent before. */
  async read(): Promise<void> {
    assert.equal((await request(this.server.target, '/', { headers: { 'Bad name': 'x' } })).status, 400);
  }

  /** The first one is running, and will be until `open()`. */
  async running(): Promise<void> {
    await this.#rendezvous.arrived('held');
  }

  /** From now on no request waits for the test. */
  open(): void {
    this.#rendezvous.open('held');
  }

  /** The names of the requests that the application has begun, in that order. */
  get ran(): string {
    return existsSync(this.#ledger) ? readFileSync(this.#ledger, 'latin1').replaceAll('\n', '') : '';
  }
}

const accessFormat = ['--access-logformat', 'access name=%({x-id}i)s status=%(s)s waited=%(Q)s'];

async function statusesOf(waiting: readonly Waiting[]): Promise<string> {
  const statuses = waiting.map(async ({ name, response }) => `${name}${(await response).status}`);
  return (await Promise.all(statuses)).join(' ');
}

async function expectBusy({ name, response }: Waiting): Promise<void> {
  const answer = await response;
  assert.deepEqual([name, answer.status, field(answer, 'Connection')], [name, 503, 'close']);
  assert.match(field(answer, 'Retry-After') ?? '', /^[1-9]\d*$/);
}

// How many

scenario(
  'beyond queue_limit a request gets 503 and Retry-After immediately, and never runs; the others do',
  async (scene) => {
    const counter = await Counter.open(scene, ['--queue-limit', '2']);
    const [running] = await counter.comeAll('a');
    await counter.running();
    const served = await counter.comeAll('bcd');
    for (const turnedAway of await counter.comeAll('ef')) await expectBusy(turnedAway);
    counter.open();
    assert.equal(await statusesOf([...(running === undefined ? [] : [running]), ...served]), 'a200 b200 c200 d200');
    assert.equal(counter.ran, 'abcd');
  },
  onlyTunicorn,
);

scenario(
  'clients that have left make room in the queue for others',
  async (scene) => {
    const counter = await Counter.open(scene, ['--queue-limit', '2']);
    await counter.comeAll('a');
    await counter.running();
    const [, , gone] = await counter.comeAll('bcd');
    await halfCloseMeansGone();
    gone?.connection.close();
    await counter.server.waitForLog(/access name=d /);
    const [stays, refused] = await counter.comeAll('ef');
    assert.ok(stays !== undefined && refused !== undefined);
    await expectBusy(refused);
    counter.open();
    assert.equal((await stays.response).status, 200);
    assert.equal(counter.ran, 'abce');
  },
  onlyTunicorn,
);

// How long

scenario(
  'a request that waits longer than queue_timeout is answered with 503 and Retry-After, and never run',
  async (scene) => {
    const counter = await Counter.open(scene, ['--queue-timeout', '0.5']);
    const [running] = await counter.comeAll('a');
    await counter.running();
    // The ticket of b is in the pipe, the others wait in the gateway.
    for (const late of await counter.comeAll('bcd')) await expectBusy(late);
    assert.ok(running !== undefined);
    counter.open();
    assert.equal(await statusesOf([running]), 'a200');
    assert.equal(counter.ran, 'a');
    const next = await counter.come('e');
    assert.equal((await next.response).status, 200);
  },
  onlyTunicorn,
);

for (const [peers, trusted, outcome] of [
  ['127.0.0.1', 'trusted', 503],
  ['10.9.9.9', 'not trusted', 200],
] as const) {
  scenario(
    `a request that has waited for 20 minutes, according to a proxy that is ${trusted}, is answered with ${outcome}`,
    async (scene) => {
      const counter = await Counter.open(scene, ['--queue-timeout', '1000', '--forwarded-allow-ips', peers]);
      await counter.comeAll('a');
      await counter.running();
      await counter.comeAll('b');
      const waiting = await counter.come('c', { headers: { 'X-Request-Start': startedAgo(1200) } });
      if (outcome === 200) counter.open();
      assert.equal((await waiting.response).status, outcome);
      const [, waited] = await counter.server.waitForLog(/access name=c status=\d+ waited=(\d+)/);
      if (outcome === 200) assert.ok(Number(waited) < 1_200_000, `${waited} ms`);
      counter.open();
      await eventually('the others to run', () => counter.ran.startsWith('ab'));
      assert.equal(counter.ran.includes('c'), outcome === 200);
    },
    onlyTunicorn,
  );
}

scenario(
  "the access log has a request's waiting time, from X-Request-Start if a trusted proxy sends it",
  async (scene) => {
    const counter = await Counter.open(scene, []);
    counter.open();
    await (await counter.come('a', { headers: { 'X-Request-Start': startedAgo(1000) } })).response;
    await (await counter.come('b')).response;
    const waited = async (name: string): Promise<number> =>
      Number((await counter.server.waitForLog(new RegExp(`access name=${name} status=200 waited=(\\d+)$`)))[1]);
    assert.ok((await waited('a')) >= 1_000_000);
    assert.ok((await waited('b')) < 1_000_000);
  },
  onlyTunicorn,
);

// In which order

scenario(
  'fifo: requests are run in the order in which they came',
  async (scene) => {
    const counter = await Counter.open(scene, []);
    const all = await counter.comeAll('abcdefg');
    counter.open();
    await statusesOf(all);
    assert.equal(counter.ran, 'abcdefg');
  },
  onlyTunicorn,
);

scenario(
  'lifo: of those that wait, the newest is run first',
  async (scene) => {
    const counter = await Counter.open(scene, ['--queue-order', 'lifo']);
    const all = await counter.comeAll('abcdefg');
    counter.open();
    await statusesOf(all);
    assert.equal(counter.ran, 'abgfedc');
  },
  onlyTunicorn,
);

scenario(
  'adaptive: first the oldest; while the oldest has waited too long, the newest',
  async (scene) => {
    // Too long means 500 s here, which is never reached, and half a second there.
    const patient = await Counter.open(scene, ['--queue-order', 'adaptive', '--queue-timeout', '1000']);
    const calm = await patient.comeAll('abcdefg');
    const counter = await Counter.open(scene, ['--queue-order', 'adaptive']);
    const overloaded = await counter.comeAll('abcdefg');
    // It has to pass; it may have passed long ago.
    await pause(2 * OVERLOADED_MS);
    patient.open();
    counter.open();
    await statusesOf([...calm, ...overloaded]);
    assert.equal(patient.ran, 'abcdefg');
    assert.equal(counter.ran, 'abgfedc');
  },
  onlyTunicorn,
);

// Requests whose clients leave

for (const [how, leave] of [
  ['closes its connection', (connection: HttpConnection) => connection.close()],
  ['resets its connection', (connection: HttpConnection) => connection.socket.resetAndDestroy()],
  ['shuts down its sending side', (connection: HttpConnection) => connection.endSending()],
] as const) {
  scenario(
    `a request whose client ${how} while it waits is never run`,
    async (scene) => {
      const counter = await Counter.open(scene, []);
      const [a, b, c, d, e] = await counter.comeAll('abcde');
      assert.ok(a !== undefined && b !== undefined && c !== undefined && d !== undefined && e !== undefined);
      await counter.running();
      await halfCloseMeansGone();
      // One of them in the gateway, and one whose ticket is out already.
      for (const { connection } of [b, d]) leave(connection);
      await counter.server.waitForLog(/access name=d /);
      await counter.read();
      counter.open();
      assert.equal(await statusesOf([a, c, e]), 'a200 c200 e200');
      assert.equal(counter.ran, 'ace');
    },
    onlyTunicorn,
  );
}

scenario(
  'a client that half-closes while it reads its response gets the complete response',
  async (scene) => {
    const env = { MEBIBYTES: '32', PROGRESS: scene.path('progress') };
    // Without a spool the application is still in the middle of it when the client does so.
    const args = ['--workers', '1', '--response-spool-size', '0'];
    const server = await scene.tunicorn({ app: 'huge', env, args });
    const connection = await scene.connect(server);
    await connection.send(requestBytes('/?length'));
    const head = await connection.head();
    await halfCloseMeansGone();
    connection.endSending();
    let bytes = 0;
    const end = await connection.body(head, 'GET', (piece) => {
      bytes += piece.length;
    });
    assert.deepEqual([head.status, bytes, end], [200, 32 * 1024 * 1024, 'complete']);
  },
  onlyTunicorn,
);

/** The value of X-Request-Start as nginx sends it. */
function startedAgo(seconds: number): string {
  return `t=${(Date.now() / 1000 - seconds).toFixed(3)}`;
}
