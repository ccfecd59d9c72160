// The budget of system calls: how many a gateway and a worker make for each request to the smallest application. It measures no time, so
// that it says the same on every machine. A change that needs fewer lowers the figures in the table; one that needs more has to say why.

import assert from 'node:assert/strict';
import type { HttpConnection } from '../../harness/clients/http-connection.ts';
import { request, requestBytes } from '../../harness/clients/http-request.ts';
import { type CallKind, type Calls, countCalls, noTraces } from '../../harness/machine/strace.ts';
import { type Scene, scenario } from '../../harness/scenario.ts';
import type { Server } from '../../harness/server.ts';

type Budget = Readonly<Record<CallKind, number>>;

interface ClassBudget {
  readonly kind: string;
  readonly app: string;
  readonly gateway: Budget;
  readonly worker: Budget;
}

const WSGI = `
def application(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Length", "6")])
    return [b"hello\\n"]
`;

const ASGI = `
async def application(scope, receive, send):
    headers = [(b"content-type", b"text/plain"), (b"content-length", b"6")]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": b"hello\\n"})
`;

const TORNADO = `
from tornado.web import Application, RequestHandler

class Hello(RequestHandler):
    def get(self):
        self.write(b"hello\\n")

application = Application([("/", Hello)])
`;

/** A request on a kept connection: the gateway reads it, writes a ticket, reads the answer, and writes that to the client. */
const KEPT: Budget = { read: 2, write: 2, wait: 2, other: 0 };

/** At most so many calls for each request. `other` is epoll_ctl and, where greenlets or asyncio look for a fork, getpid. */
const BUDGETS: readonly ClassBudget[] = [
  { kind: 'sync', app: WSGI, gateway: KEPT, worker: { read: 1, write: 1, wait: 0, other: 0 } },
  { kind: 'gthread', app: WSGI, gateway: KEPT, worker: { read: 1, write: 1, wait: 1, other: 2 } },
  { kind: 'gevent', app: WSGI, gateway: KEPT, worker: { read: 1, write: 1, wait: 1, other: 3 } },
  { kind: 'eventlet', app: WSGI, gateway: KEPT, worker: { read: 1, write: 1, wait: 1, other: 2 } },
  // The second read looks for further tickets before the loop waits, and finds none here.
  { kind: 'asgi', app: ASGI, gateway: KEPT, worker: { read: 2, write: 1, wait: 1, other: 0 } },
  {
    kind: 'tornado',
    app: TORNADO,
    gateway: { read: 3, write: 2, wait: 3, other: 0 },
    worker: { read: 1, write: 2, wait: 1, other: 4 },
  },
];

/** A request on a connection of its own, whose accept is one more event. */
const NEW_CONNECTION: Budget = { read: 2, write: 2, wait: 3, other: 5 };

const REQUESTS = 500;
const WARM_UP = 50;
const CONNECTIONS = 200;

for (const { kind, app, gateway, worker } of BUDGETS) {
  scenario(
    `${kind}: a request on a kept connection needs no more system calls than the budget has`,
    async (scene) => {
      const server = await serverOf(scene, kind, app);
      const connection = await scene.connect(server);
      await ask(connection, WARM_UP);
      const counting = await countBoth(scene, server);
      await ask(connection, REQUESTS);
      const calls = await counting.end();
      assertWithin(gateway, calls.gateway, REQUESTS, 'the gateway');
      assertWithin(worker, calls.worker, REQUESTS, 'the worker');
    },
    { skip: noTraces },
  );
}

scenario(
  'a request on a new connection needs no more system calls than the budget has',
  async (scene) => {
    const server = await serverOf(scene, 'sync', WSGI);
    await connectAndAsk(server, WARM_UP);
    const counting = await countBoth(scene, server);
    await connectAndAsk(server, CONNECTIONS);
    const calls = await counting.end();
    assertWithin(NEW_CONNECTION, calls.gateway, CONNECTIONS, 'the gateway');
  },
  { skip: noTraces },
);

async function serverOf(scene: Scene, kind: string, app: string): Promise<Server> {
  const args = ['--worker-class', kind, '--workers', '1', '--gateways', '1'];
  const server = await scene.tunicorn({ app: 'hello_app:application', files: { 'hello_app.py': app }, args });
  await server.workers(1);
  return server;
}

async function countBoth(
  scene: Scene,
  server: Server,
): Promise<{ end(): Promise<{ readonly gateway: Calls; readonly worker: Calls }> }> {
  const { gateways, workers } = server.family();
  const [gateway, worker] = [gateways[0] ?? 0, workers[0] ?? 0];
  const [endOfGateway, endOfWorker] = [await countCalls(scene, gateway), await countCalls(scene, worker)];
  return { end: async () => ({ gateway: await endOfGateway(), worker: await endOfWorker() }) };
}

async function ask(connection: HttpConnection, times: number): Promise<void> {
  for (let count = 0; count < times; count += 1) {
    await connection.send(requestBytes('/'));
    assert.equal((await connection.response()).status, 200);
  }
}

async function connectAndAsk(server: Server, times: number): Promise<void> {
  for (let count = 0; count < times; count += 1) assert.equal((await request(server.target, '/')).status, 200);
}

/** Calls that do not belong to a request, such as those of timers, are far fewer than one for every other request. */
function assertWithin(budget: Budget, calls: Calls, requests: number, who: string): void {
  const names = [...calls.names].map(([name, count]) => `${name} ${(count / requests).toFixed(2)}`).join(', ');
  for (const kind of ['read', 'write', 'wait', 'other'] as const) {
    const count = Math.round(calls.counts[kind] / requests);
    assert.ok(count <= budget[kind], `${who}: ${count} of kind '${kind}', budget ${budget[kind]}; all calls: ${names}`);
  }
  // What is not made is not counted: the trace was there.
  assert.ok(calls.counts.read >= requests, `${who}: ${calls.counts.read} reads were traced`);
}
