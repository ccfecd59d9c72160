// gunicorn.conf.py files about logs: see test/configs/README.md.

import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { describe } from 'node:test';
import { getText, request } from '../../harness/clients/http-request.ts';
import { eventually } from '../../harness/deadline.ts';
import { type Receiver, udpReceiver } from '../../harness/doubles/receivers.ts';
import { otherServer } from '../../harness/project.ts';
import type { Scene } from '../../harness/scenario.ts';
import type { Server } from '../../harness/server.ts';
import { configFolder, look } from '../../harness/subjects/config-folder.ts';

let syslog: Receiver | undefined;

describe('configurations of logs', { concurrency: 3 }, () => {
  configFolder('logging-dict-json', 'every line of the output is JSON, those of the server included', {
    trouble: /no such order/,
    observe: async (server) => {
      await look(server, '/page');
      assert.equal((await request(server.target, '/fail')).status, 500);
      await server.waitForLog(/"path": "\/fail"/);
    },
    afterwards: (server) => {
      // By then no Python process is left.
      const lines = server.log.lines.filter((line) => !line.endsWith('Shutting down: Arbiter'));
      const entries = lines.map((line) => JSON.parse(line));
      assert.ok(entries.every(({ service }) => service === 'shop'));
      const access = entries.filter(({ logger }) => logger === 'gunicorn.access');
      assert.deepEqual(
        access.map(({ status, path }) => [String(status), path]),
        [
          ['200', '/page'],
          ['500', '/fail'],
        ],
      );
      assert.ok(access.every(({ microseconds }) => Number(microseconds) > 0));
      const [failed] = entries.filter(({ exception }) => exception !== undefined);
      assert.equal(failed.message, 'Error handling request GET /fail');
      assert.match(
        failed.exception,
        /^Traceback.*\n {2}File ".*shop\.py", line \d+.*\n.*\nLookupError: no such order: 4711$/,
      );
      assert.ok(entries.some(({ logger, message }) => logger === 'gunicorn.error' && /^Booting worker/.test(message)));
    },
  });

  for (const folder of ['quiet-health-checks', 'quiet-by-path']) {
    configFolder(folder, 'the access log has every request but those of health checks', {
      observe: async (server) => await askedForHealth(server),
      afterwards: (server) => {
        assert.equal(server.log.count(/"GET \/health/), 0);
        assert.equal(server.log.count(/"GET \/page/), 2);
      },
    });
  }

  for (const folder of ['quiet-by-hook', 'quiet-in-workers']) {
    configFolder(
      folder,
      otherServer ? 'health checks have no line' : 'one line in each worker says what the filter takes',
      {
        trouble: /The filters on the logger gunicorn\.access see no requests: .* Set logger_class to a subclass/,
        observe: async (server) => {
          await askedForHealth(server);
          const count = folder === 'quiet-by-hook' ? 2 : 1;
          if (!otherServer) await eventually('the line', () => server.log.count(/see no requests/) === count);
        },
        afterwards: (server) => {
          assert.equal(server.log.count(/"GET \/page/), 2);
          if (otherServer) assert.equal(server.log.count(/"GET \/health/), 0);
        },
      },
    );
  }

  configFolder('logging-dict-objects', 'classes and streams in the dict are used as they are', {
    observe: async (server) => {
      await askedForHealth(server);
      await server.waitForLog(/^shop\/access .*"GET \/page/);
      await server.waitForLog(/^shop\/error Booting worker with pid: \d+$/);
    },
    afterwards: (server) => assert.equal(server.log.count(/GET \/health/), 0),
  });

  configFolder('log-files', 'both logs and the output of the application go to files', {
    readyBy: 'connection',
    observe: async (server, scene) => {
      await look(server, '/print', { headers: { 'X-Forwarded-For': '203.0.113.9', 'User-Agent': 'tests "and" more' } });
      await hasLine(scene, 'logs/error.log', /^printed by the application$/m);
      await hasLine(scene, 'logs/error.log', /\[DEBUG\]/);
      const line = await hasLine(scene, 'logs/access.log', /^\{.*\}$/m);
      const { remote, request: head, status, agent } = JSON.parse(line);
      assert.deepEqual([remote, head, status, agent], ['203.0.113.9', 'GET /print HTTP/1.1', 200, 'tests "and" more']);
    },
    afterwards: (server, scene) => {
      assert.equal(server.log.text(), '');
      assert.match(readFileSync(scene.path('logs/error.log'), 'utf8'), /Handling signal: term/);
    },
  });

  configFolder('one-logger-for-all', "every line goes through the root logger's handler", {
    observe: async (server) => {
      await look(server, '/page');
      await server.waitForLog(/^shop \| INFO \| gunicorn\.access \| .*"GET \/page HTTP\/1\.1" 200/);
      await server.waitForLog(/^shop \| INFO \| gunicorn\.error \| Booting worker with pid: \d+$/);
      await server.waitForLog(/^shop \| INFO \| gunicorn\.error \| Listening at: /);
    },
  });

  configFolder('syslog', 'lines and requests go to syslog, with name and facility', {
    launch: async (scene) => {
      syslog = await udpReceiver(scene);
      return { env: { SYSLOG: syslog.address } };
    },
    observe: async (server) => {
      await look(server, '/page');
      // local3 is 19; info is 6.
      await syslog?.waitFor(/^<158>gunicorn\.shop\.error: .*Booting worker/);
      await syslog?.waitFor(/^<158>gunicorn\.shop\.access: .*"GET \/page HTTP\/1\.1" 200/);
    },
    afterwards: (server) => assert.equal(server.log.count(/GET \/page/), 0, 'there is no access log beside'),
  });

  configFolder('shared-handlers', "an application's logger uses the server's handlers and level", {
    application: null,
    readyBy: 'connection',
    observe: async (server, scene) => {
      assert.equal(await getText(server.target), 'tea');
      await hasLine(scene, 'errors.log', /\[DEBUG\] an order for tea$/m);
    },
    afterwards: (server) => assert.equal(server.log.text(), ''),
  });
});

async function askedForHealth(server: Server): Promise<void> {
  await look(server, '/page');
  await look(server, '/health', { headers: { 'User-Agent': 'kube-probe/1.31' } });
  await look(server, '/page', { headers: { 'User-Agent': 'browser' } });
}

/** The first match in a file that may not exist yet. */
async function hasLine(scene: Scene, name: string, pattern: RegExp): Promise<string> {
  const path = scene.path(name);
  return await eventually(`${pattern} in ${name}`, () => {
    const found = existsSync(path) ? pattern.exec(readFileSync(path, 'utf8')) : null;
    return found?.[0];
  });
}
