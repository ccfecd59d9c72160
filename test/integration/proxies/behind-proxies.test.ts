// Behind a real nginx and a real HAProxy that keep their connections: neither reloads nor a stop lose a POST that has come as far
// as the server, and the proxies' own logs complain only that nothing is listening there any more.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { field } from '../../harness/clients/http-connection.ts';
import { request } from '../../harness/clients/http-request.ts';
import { Load } from '../../harness/clients/load.ts';
import { echoFault, uniquePost } from '../../harness/clients/unique-posts.ts';
import { generationServing, handlingSignal } from '../../harness/log-lines.ts';
import type { FrontProxy } from '../../harness/machine/front-proxy.ts';
import { haproxy, startHaproxy } from '../../harness/machine/haproxy.ts';
import { nginx, startNginx } from '../../harness/machine/nginx.ts';
import { otherServer } from '../../harness/project.ts';
import { type Scene, scenario } from '../../harness/scenario.ts';
import type { Server } from '../../harness/server.ts';

const reloads = 10;
const stops = 5;
const clients = 8;
/**
 * At any moment some of the proxy's connections are idle, and a request may just be arriving on one of them. Without a pause, new
 * connections would come so fast during a stop that one could be made at the very moment when the listening socket is closed: the
 * kernel resets it, and no server can notice.
 */
const pauseMs = 3;

/** With the status that the proxy itself sends when nothing is listening. */
const fronts = [
  { program: nginx, start: startNginx, refusal: 502 },
  { program: haproxy, start: startHaproxy, refusal: 503 },
] as const;

/** The participants in one test. */
interface Stage {
  readonly server: Server;
  readonly ledger: string;
  readonly front: FrontProxy;
  readonly load: Load;
  /** The server's ports of its clients, as far as they have any. */
  readonly peers: ReadonlySet<string>;
}

for (const kind of fronts) {
  for (const listen of ['tcp', 'unix'] as const) {
    const options = { skip: otherServer ? 'only for Tunicorn' : kind.program.skip, limitMs: 180_000 };
    const where = `behind ${kind.program.name} over ${listen === 'tcp' ? 'TCP' : 'a Unix socket'}`;

    scenario(
      `${where}, ten reloads are invisible to clients, and a stop answers in-flight requests`,
      async (scene) => {
        const meeting = await scene.rendezvous();
        const stage = await set(scene, kind, listen, { RENDEZVOUS: meeting.address });
        const { server, front, load } = stage;
        await load.answeredMore(100);
        for (let done = 1; done <= reloads; done += 1) {
          server.signal('SIGHUP');
          await server.waitForLog(generationServing(done + 1));
          await load.answeredMore(100);
        }
        const { answered, failed, wrong, refused, complaints } = load.soFar();
        assert.deepEqual([failed, wrong, refused], [0, 0, 0], complaints.join('\n'));
        // The proxy did keep its connections, and reloads did not close them.
        const connections = stage.peers.size;
        if (listen === 'tcp')
          assert.ok(connections <= 3 * clients, `${connections} connections for ${answered} requests`);

        const held = ['held-1', 'held-2'];
        const answers = held.map((id) => request(front.target, '/held', uniquePost(id)));
        await meeting.arrived('held', held.length);
        server.signal('SIGTERM');
        await server.waitForLog(handlingSignal('term'));
        await load.refusedMore(1);
        meeting.open('held');
        for (const [index, answer] of (await Promise.all(answers)).entries()) {
          assert.deepEqual([answer.status, answer.end], [200, 'complete']);
          assert.equal(echoFault(answer, held[index] ?? ''), undefined);
        }
        await checkEnd(stage, held.length);
      },
      options,
    );

    scenario(
      `${where}, ${stops} stops lose no request that arrives on an idle connection`,
      async (scene) => {
        for (let done = 0; done < stops; done += 1) {
          const stage = await set(scene, kind, listen);
          await stage.load.answeredMore(200);
          stage.server.signal('SIGTERM');
          await checkEnd(stage, 0);
        }
      },
      options,
    );
  }
}

async function set(
  scene: Scene,
  { start, refusal }: (typeof fronts)[number],
  listen: 'tcp' | 'unix',
  env: Readonly<Record<string, string>> = {},
): Promise<Stage> {
  const ledger = scene.write('ledger', '');
  const args = ['--workers', '4', '--graceful-timeout', '60'];
  const server = await scene.tunicorn({ app: 'echo_body', listen, args, env: { LEDGER: ledger, ...env } });
  const front = await start(scene, server.target);
  const peers = new Set<string>();
  const load = new Load(front.target, {
    keepAliveClients: clients,
    pauseMs,
    request: uniquePost,
    check: (response, id) => {
      peers.add(field(response, 'X-Peer') ?? '');
      return echoFault(response, id);
    },
    isRefusal: ({ status }) => status === refusal,
  });
  return { server, ledger, front, load, peers };
}

/** Waits until the server has stopped, and compares the counts of the server, the clients and the proxy. */
async function checkEnd({ server, ledger, front, load }: Stage, alsoAnswered: number): Promise<void> {
  const { code } = await server.ended();
  assert.equal(code, 0, server.log.text());
  await load.refusedMore(2 * clients);
  const { answered, failed, wrong, refused, complaints } = await load.stop();
  const account = await front.stop();
  const lost = account.requests.filter(({ fate }) => fate === 'lost').map(({ logLine }) => logLine);
  assert.deepEqual(lost, [], `requests that reached the server and were lost:\n${account.faults.join('\n')}`);
  assert.deepEqual(account.faults, []);
  assert.deepEqual([failed, wrong], [0, 0], complaints.join('\n'));
  const unanswered = account.requests.filter(({ status }) => status !== 200);
  const odd = unanswered.filter(({ fate }) => fate !== 'kept').map(({ logLine }) => logLine);
  assert.deepEqual(odd, [], 'the proxy passed on what was refused');
  assert.equal(unanswered.length, refused, 'what the proxy refused, and the clients saw refused');
  const runs = readFileSync(ledger, 'utf8').trim().split('\n');
  assert.equal(new Set(runs).size, runs.length, 'no request ran twice');
  assert.equal(runs.length, answered + alsoAnswered, 'the answer of each request that ran was seen');
  await server.nothingLeft();
}
