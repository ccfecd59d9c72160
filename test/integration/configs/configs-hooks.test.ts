// gunicorn.conf.py files whose hooks do something: see test/configs/README.md.

import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { describe } from 'node:test';
import { getText, request } from '../../harness/clients/http-request.ts';
import { eventually } from '../../harness/deadline.ts';
import { generationServing, workerTimeout } from '../../harness/log-lines.ts';
import { otherServer } from '../../harness/project.ts';
import { freePort, type Scene } from '../../harness/scenario.ts';
import { configFolder, look, lookAtEach } from '../../harness/subjects/config-folder.ts';

let metricsPort = 0;

describe('configurations whose hooks do something', { concurrency: 3 }, () => {
  configFolder('prometheus', 'metrics of all living workers on a separate port', {
    application: 'counted',
    launch: async () => {
      metricsPort = await freePort();
      return { env: { METRICS_PORT: String(metricsPort) } };
    },
    trouble: /was sent SIGKILL!/,
    observe: async (server, scene) => {
      const metrics = async (): Promise<string> => await getText({ host: '127.0.0.1', port: metricsPort }, '/metrics');
      assert.equal(existsSync(scene.path('metrics/gauge_livesum_1.db')), false);
      const [{ pid } = { pid: 0 }] = await lookAtEach(server, 2);
      await getText(server.target, '/page');
      assert.match(await metrics(), /^shop_requests_total\{path="\/page"\} 1\.0$/m);
      assert.match(await metrics(), /^shop_workers 2\.0$/m);
      process.kill(pid, 'SIGKILL');
      const gauges = (): readonly string[] => readdirSync(scene.path('metrics')).filter((name) => /^gauge/.test(name));
      await eventually('another gauge', () => gauges().length === 2 && !gauges().includes(`gauge_livesum_${pid}.db`));
      await eventually('two workers', async () => /^shop_workers 2\.0$/m.test(await metrics()));
      assert.match(await metrics(), /^shop_requests_total\{path="\/page"\} 1\.0$/m, 'the counts of a dead worker stay');
    },
  });

  configFolder('sentry', 'every worker reports exceptions with its own client', {
    application: 'monitored',
    launch: { env: { SENTRY_DSN: 'https://key@sentry.invalid/1', STAGE: 'test' } },
    trouble: /Error handling request|Exception while|Traceback|LookupError/,
    observe: async (server, scene) => {
      await server.waitForLog(/sentry is on in worker \d+/);
      assert.equal((await request(server.target, '/fail')).status, 500);
      await eventually('the event', () => events(scene).length > 0);
      assert.deepEqual(
        events(scene).map(({ tags, ...event }) => ({
          ...event,
          known: server.workerPids().includes(Number(tags.worker)),
        })),
        [
          {
            environment: 'test',
            release: 'shop@1.2.3',
            type: 'LookupError',
            value: 'no such order: 4711',
            known: true,
          },
        ],
      );
    },
  });

  configFolder('opentelemetry', 'each worker exports its spans, the last ones when it ends', {
    application: 'traced',
    launch: { env: { OTEL_SERVICE_NAME: 'shop' } },
    observe: async (server) => {
      await server.workers(2);
      await look(server, '/traced');
    },
    afterwards: (server, scene) => {
      const names = readdirSync(scene.dir).filter((name) => name.startsWith('spans.'));
      const text = names.map((name) => readFileSync(scene.path(name), 'utf8')).join('');
      assert.equal(names.length, 2);
      assert.match(text, /"name": "GET \/traced"/);
      const [, pid] = /"process\.pid": (\d+)/.exec(text) ?? [];
      assert.ok(names.includes(`spans.${pid}.json`));
      assert.equal(server.log.count(/Worker spawned/), 2);
    },
  });

  configFolder('agent', 'a monitoring agent is loaded before the application, and wraps it', {
    launch: { env: { STAGE: 'staging' } },
    observe: async (server) => {
      const { headers } = await request(server.target, '/');
      assert.ok(headers.some(([name, value]) => name === 'X-Agent' && value === 'Shop (staging)'));
      await server.waitForLog(/\[INFO\] agent reports as Shop \(staging\)/);
    },
    afterwards: (server) => assert.equal(server.log.count(/^agent of \d+ has shut down$/), 1),
  });

  configFolder('scheduler', 'one thread for the whole server, outside the workers', {
    launch: { env: { SCHEDULER_ENABLED: 'true' } },
    observe: async (server, scene) => {
      const workers = await server.workers(3);
      await eventually('ticks', () => ticks(scene).length > 20);
      assert.equal(new Set(ticks(scene)).size, 1);
      assert.ok(!workers.includes(Number(ticks(scene)[0])));
      assert.equal(server.log.count(/scheduler started/), 1);
    },
  });

  configFolder('stuck-workers', 'a hanging worker logs its stack and is replaced', {
    launch: async (scene) => ({ env: { TIMEOUT: '1', RENDEZVOUS: (await scene.rendezvous()).address } }),
    trouble: /\[(?:ERROR|CRITICAL)\]|Traceback/,
    observe: async (server) => {
      const [stuck = 0] = await server.workers(1);
      const answer = request(server.target, '/wait').catch(() => undefined);
      await server.waitForLog(workerTimeout(stuck));
      await server.waitForLog(/\[ERROR\] worker \d+ hangs:/);
      await server.waitForLog(/shop\.py", line \d+ in application/);
      await server.waitForLog(new RegExp(`\\[INFO\\] worker ${stuck} \\(1\\) is gone, \\d are left`));
      if (!otherServer) assert.equal((await answer)?.status, 504);
      assert.notEqual((await look(server)).pid, stuck);
    },
  });

  configFolder('request-times', 'requests are timed and counted', {
    trouble: /slow request/,
    observe: async (server) => {
      await look(server, '/one?and=more');
      await look(server, '/one');
      await server.waitForLog(/\[WARNING\] slow request: GET \/one\?and=more -> 200 OK, \d+ bytes/);
      await server.waitForLog(/\[WARNING\] slow request: GET \/one\? -> 200 OK, \d+ bytes/);
    },
    afterwards: (server) => assert.equal(server.log.count(/\[INFO\] worker \d+ has served 2: \{'\/one': 2\}/), 1),
  });

  configFolder(
    'clean-up',
    'workers know the directory that on_starting creates, also after a reload, and on_exit removes it',
    {
      observe: async (server, scene) => {
        const scratch = scratches(scene)[0] ?? 'none';
        assert.equal((await look(server)).variables.SCRATCH, scene.path(scratch));
        server.signal('SIGHUP');
        await server.waitForLog(new RegExp(`reloading, scratch directory is still ${scratch}$`));
        if (!otherServer) await server.waitForLog(generationServing(2));
        assert.deepEqual(scratches(scene), [scratch]);
        assert.equal((await look(server)).variables.SCRATCH, scene.path(scratch));
      },
      afterwards: (server, scene) => {
        assert.deepEqual(scratches(scene), []);
        assert.equal(server.log.count(/scratch directory removed by SIGTERM/), 1);
      },
    },
  );

  configFolder(
    'typed-hooks',
    'annotated functions, callable objects and lambdas are hooks, and get objects of the right classes',
    {
      observe: async (server) => {
        await server.waitForLog(/\[INFO\] ready on \[?\('127\.0\.0\.1', \d+\)/);
        await server.waitForLog(/\[INFO\] worker 1 of 1 is typed/);
        await server.waitForLog(/\[INFO\] initialized: True/);
      },
      afterwards: (server) => assert.equal(server.log.count(/\[INFO\] goodbye/), 1),
    },
  );

  configFolder('warm-up', 'a new worker runs a request before it takes any', {
    observe: async (server) => {
      for (const { facts } of await lookAtEach(server, 2)) assert.deepEqual(facts.warm, ['200 OK']);
      await server.waitForLog(/worker \d+ is warm: 200 OK/);
    },
  });

  configFolder('numbered-workers', 'the successor of a worker has its number', {
    trouble: /was sent SIGKILL!/,
    observe: async (server) => {
      await server.waitForLog(/workers: 3 instead of None/);
      const before = await lookAtEach(server, 3);
      const numbers = before.map(({ variables }) => variables.WORKER_NUMBER);
      assert.deepEqual([...numbers].sort(), ['1', '2', '3']);
      const [victim] = before;
      process.kill(victim?.pid ?? 0, 'SIGKILL');
      const successor = await eventually('the successor', async () => {
        const seen = await look(server);
        return before.every(({ pid }) => pid !== seen.pid) && seen;
      });
      assert.equal(successor.variables.WORKER_NUMBER, victim?.variables.WORKER_NUMBER);
    },
  });
});

interface SentryEvent {
  readonly environment: string;
  readonly release: string;
  readonly type: string;
  readonly value: string;
  readonly tags: { readonly worker: number };
}

function events(scene: Scene): readonly SentryEvent[] {
  if (!existsSync(scene.path('events.jsonl'))) return [];
  return readFileSync(scene.path('events.jsonl'), 'utf8')
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line));
}

function ticks(scene: Scene): readonly string[] {
  return existsSync(scene.path('ticks')) ? readFileSync(scene.path('ticks'), 'utf8').split('\n').slice(0, -1) : [];
}

function scratches(scene: Scene): readonly string[] {
  return readdirSync(scene.dir).filter((name) => name.startsWith('scratch-'));
}
