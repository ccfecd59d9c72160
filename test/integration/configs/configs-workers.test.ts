// gunicorn.conf.py files that compute, read and compose their settings: see test/configs/README.md.

import assert from 'node:assert/strict';
import { existsSync, realpathSync } from 'node:fs';
import { describe } from 'node:test';
import { eventually } from '../../harness/deadline.ts';
import { type Receiver, udpReceiver } from '../../harness/doubles/receivers.ts';
import { commandOf } from '../../harness/machine/process-table.ts';
import type { Rendezvous } from '../../harness/rendezvous.ts';
import { freePort } from '../../harness/scenario.ts';
import { configFolder, look, lookAtEach } from '../../harness/subjects/config-folder.ts';

let meeting: Rendezvous | undefined;
let metrics: Receiver | undefined;

describe('configurations that compute their settings', { concurrency: 3 }, () => {
  configFolder('computed-workers', 'as many workers as the cores suggest, but no more than the environment allows', {
    launch: { env: { MAX_WORKERS: '2' } },
    observe: async (server) => {
      await server.workers(2);
      assert.equal((await look(server)).environ['wsgi.multiprocess'], true);
    },
  });

  configFolder('heroku', 'PORT, WEB_CONCURRENCY, and the file that the router waits for', {
    launch: async (scene) => {
      const port = await freePort();
      return {
        listen: 'none',
        target: { host: '127.0.0.1', port },
        env: { PORT: String(port), WEB_CONCURRENCY: '3', MARKS: scene.dir },
      };
    },
    observe: async (server, scene) => {
      await server.workers(3);
      assert.ok(existsSync(scene.path('app-initialized')));
      const { environ } = await look(server, '/', { headers: { 'X-Forwarded-Proto': 'https' } });
      assert.equal(environ['wsgi.url_scheme'], 'https');
    },
  });

  configFolder('prefixed-environment', 'every variable with the prefix becomes a setting, as text', {
    launch: async () => {
      const port = await freePort();
      const env = { GUNICORN_BIND: `127.0.0.1:${port}`, GUNICORN_WORKERS: '2', GUNICORN_PRELOAD_APP: 'true' };
      return { listen: 'none', target: { host: '127.0.0.1', port }, env };
    },
    observe: async (server) => {
      await server.workers(2);
      const { facts, ppid } = await look(server);
      assert.equal(facts.loaded_in, ppid, 'the application has been loaded before the fork');
      await server.waitForLog(/^127\.0\.0\.1 - - .*"GET \/ HTTP\/1\.1" 200/);
    },
  });

  configFolder('dotenv', 'a .env file gives settings to the server and variables to the application', {
    launch: async (scene) => ({ listen: 'none', target: { path: scene.path('run/app.sock') } }),
    readyBy: 'connection',
    observe: async (server) => {
      const [seen] = await lookAtEach(server, 2);
      assert.equal(seen?.variables.DATABASE_URL, 'postgres://shop@db/shop');
    },
    afterwards: (server) => assert.equal(server.log.text(), '', 'LOG_LEVEL is WARNING'),
  });

  configFolder('recycled-workers', 'workers are replaced after max_requests, and their heartbeat files are in memory', {
    observe: async (server) => {
      const first = await look(server);
      assert.match(String(first.facts.heartbeat), /^\/dev\/shm\//);
      const limit = Number(first.facts.limit);
      assert.ok(limit >= 4 && limit <= 7, String(limit));
      const answeredBy = [first.pid];
      await eventually('a successor', async () => {
        answeredBy.push((await look(server)).pid);
        return answeredBy.at(-1) !== first.pid;
      });
      assert.ok(answeredBy.filter((pid) => pid === first.pid).length <= limit);
    },
  });

  configFolder('threaded', 'one worker runs several requests concurrently', {
    launch: async (scene) => {
      meeting = await scene.rendezvous();
      return { env: { THREADS: '3', RENDEZVOUS: meeting.address } };
    },
    observe: async (server) => {
      const requests = ['/wait', '/wait', '/wait'].map(async (path) => await look(server, path));
      await meeting?.arrived('wait', 3);
      meeting?.open('wait');
      const answers = await Promise.all(requests);
      assert.equal(new Set(answers.map(({ pid }) => pid)).size, 1);
      assert.equal(answers[0]?.environ['wsgi.multithread'], true);
    },
  });

  configFolder('preload-freeze', 'the application is loaded once and frozen; connections are made in each worker', {
    observe: async (server) => {
      const [, count] = await server.waitForLog(/frozen objects: (\d+)/);
      for (const { pid, ppid, facts } of await lookAtEach(server, 2)) {
        assert.equal(facts.loaded_in, ppid);
        assert.equal(facts.connected_in, pid);
        assert.ok(Number(facts.frozen) > Number(count) / 2, `${facts.frozen} of ${count}`);
      }
    },
  });

  configFolder('dataclass-settings', 'enums and dataclasses give values of the right types', {
    launch: { env: { STAGE: 'test' } },
    observe: async (server) => {
      await server.workers(2);
      assert.equal((await look(server)).variables.STAGE, 'test');
      await server.waitForLog(/\[DEBUG\]/);
      assert.match(commandOf(server.pid), /\[shop-test\]/);
    },
  });

  configFolder('split-modules', 'a module of a package, named on the command line, that imports the values of others', {
    launch: { args: ['-c', 'python:deployment.production'] },
    observe: async (server) => {
      await server.workers(2);
      assert.equal((await look(server)).variables.STAGE, 'production');
      await server.waitForLog(/\[INFO\] shop-production is ready/);
      await server.waitForLog(/\[INFO\] worker 2 of 2/);
    },
  });

  configFolder('settings-from-json', 'settings come from a JSON file', {
    launch: async (scene) => {
      metrics = await udpReceiver(scene);
      return { env: { STATSD: metrics.address } };
    },
    observe: async (server) => {
      await server.workers(2);
      await look(server);
      await metrics?.waitFor(/^shop\.web\.gunicorn\.request\.status\.200:1\|c/);
    },
  });

  configFolder('docker', 'GUNICORN_CMD_ARGS overrides the file in the image', {
    launch: async () => {
      const port = await freePort();
      return {
        listen: 'none',
        target: { host: '127.0.0.1', port },
        env: { GUNICORN_CMD_ARGS: `--bind=0.0.0.0:${port} --workers=3 --access-logformat '%(r)s is %(s)s'` },
      };
    },
    observe: async (server) => {
      await server.workers(3);
      assert.equal((await look(server, '/page')).environ['wsgi.multithread'], true);
      await server.waitForLog(/^GET \/page HTTP\/1\.1 is 200$/);
    },
  });

  configFolder('application-in-file', 'the file names the factory, its arguments and its location', {
    application: null,
    observe: async (server, scene) => {
      const { facts, directory } = await look(server);
      assert.deepEqual([facts.region, facts.currency], ['eu', 'CHF']);
      assert.equal(directory, realpathSync(scene.path('work')));
    },
  });
});
