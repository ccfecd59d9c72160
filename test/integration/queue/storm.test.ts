// Reloads, recycled workers and killed workers together, under load: no client may notice.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { field } from '../../harness/clients/http-connection.ts';
import { Load } from '../../harness/clients/load.ts';
import { hashFault, uniquePost } from '../../harness/clients/unique-posts.ts';
import { eventually, pause } from '../../harness/deadline.ts';
import { generationServing } from '../../harness/log-lines.ts';
import { otherServer } from '../../harness/project.ts';
import { scenario } from '../../harness/scenario.ts';
import type { Server } from '../../harness/server.ts';
import { killIfIdle } from '../../harness/subjects/idle-worker.ts';

const reloads = 10;
const KILLS_PER_RELOAD = 2;

scenario(
  'ten reloads, workers recycled after 50 requests and killed idle workers lose no request',
  async (scene) => {
    const ledger = scene.write('ledger', '');
    const args = ['--workers', '4', '--max-requests', '50', '--graceful-timeout', '60'];
    const server = await scene.tunicorn({ app: 'storm', args, env: { LEDGER: ledger } });
    const pids = new Set<string>();
    const load = new Load(server.target, {
      keepAliveClients: 8,
      freshClients: 4,
      request: uniquePost,
      check: (response, id) => {
        pids.add(field(response, 'X-Pid') ?? '');
        return hashFault(response, id);
      },
    });
    await load.answeredMore(100);
    const killer = new IdleWorkerKiller(server);
    scene.defer(async () => void (await killer.stop()));
    for (let done = 1; done <= reloads; done += 1) {
      server.signal('SIGHUP');
      await server.waitForLog(generationServing(done + 1));
      killer.mayKillMore();
      await load.answeredMore(100);
    }
    await load.answeredMore(100);
    const result = await load.stop();
    // Under load few workers are idle when checked. No generation is booting any more.
    killer.mayKillMore(Number.POSITIVE_INFINITY);
    await eventually('five idle workers to be killed', () => killer.kills >= 5);
    const kills = await killer.stop();
    assert.deepEqual([result.failed, result.wrong], [0, 0], result.complaints.join('\n'));
    // It was a real storm: workers were killed, many were recycled, and many requests were answered.
    assert.ok(kills >= 5, `${kills} idle workers killed`);
    assert.ok(pids.size > (reloads + 1) * 4, `${pids.size} workers answered`);
    assert.ok(result.answered >= 1000, `${result.answered} answered`);
    const runs = readFileSync(ledger, 'utf8').trim().split('\n');
    assert.equal(new Set(runs).size, runs.length, 'no request ran twice');
    assert.equal(runs.length, result.answered, 'each request ran');
    await server.workers(4);
    assert.equal((await server.stop()).code, 0);
    await server.nothingLeft();
  },
  { limitMs: 240_000, skip: otherServer && 'only for Tunicorn' },
);

/** Kills a random worker that is idle, about once a second. */
class IdleWorkerKiller {
  #stopping = false;
  readonly #done: Promise<number>;
  kills = 0;
  #allowed = KILLS_PER_RELOAD;

  constructor(server: Server) {
    this.#done = this.#run(server);
  }

  /** A generation whose workers are killed as fast as they boot would never serve. */
  mayKillMore(count: number = KILLS_PER_RELOAD): void {
    this.#allowed = count;
  }

  async stop(): Promise<number> {
    this.#stopping = true;
    return await this.#done;
  }

  async #run(server: Server): Promise<number> {
    while (!this.#stopping) {
      for (const pid of shuffled(server.workerPids())) {
        if (this.#allowed === 0 || !(await killIfIdle(pid))) continue;
        this.kills += 1;
        this.#allowed -= 1;
        break;
      }
      await pause(1000);
    }
    return this.kills;
  }
}

function shuffled(pids: readonly number[]): number[] {
  return pids
    .map((pid) => ({ pid, at: Math.random() }))
    .sort((left, right) => left.at - right.at)
    .map(({ pid }) => pid);
}
