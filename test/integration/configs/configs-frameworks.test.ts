// gunicorn.conf.py files for frameworks: see test/configs/README.md.

import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { describe } from 'node:test';
import { getText, request } from '../../harness/clients/http-request.ts';
import { clientFrame, handshake, TEXT_FRAME } from '../../harness/clients/raw-web-socket.ts';
import { eventually } from '../../harness/deadline.ts';
import { freePort } from '../../harness/scenario.ts';
import { configFolder } from '../../harness/subjects/config-folder.ts';

describe('configurations for frameworks', { concurrency: 3 }, () => {
  configFolder('fastapi', "uvicorn's worker class serves FastAPI, with its lifespan and a WebSocket", {
    application: 'main:app',
    launch: async () => {
      const port = await freePort();
      const env = { HOST: '127.0.0.1', APP_PORT: String(port), MAX_WORKERS: '2' };
      return { listen: 'none', target: { host: '127.0.0.1', port }, env };
    },
    observe: async (server, scene) => {
      const workers = await server.workers(2);
      const openers = new Set<number>();
      await eventually('both workers to have started up', async () => {
        const answers = ['/orders/1', '/orders/2', '/orders/3'].map(async (path) => await getText(server.target, path));
        for (const answer of await Promise.all(answers)) openers.add(JSON.parse(answer).opened_in);
        return openers.size === 2;
      });
      const order = JSON.parse(await getText(server.target, '/orders/42?verbose=true'));
      assert.deepEqual({ ...order, pid: 0, opened_in: 0 }, { number: 42, verbose: true, opened_in: 0, pid: 0 });
      assert.equal(order.opened_in, order.pid);
      assert.ok(workers.includes(order.pid));
      assert.equal((await request(server.target, '/orders/none')).status, 422);
      const connection = await scene.connect(server);
      await connection.send(handshake('/echo'));
      assert.equal((await connection.head()).status, 101);
      await connection.send(clientFrame(TEXT_FRAME, 'hello'));
      assert.equal((await connection.exactly(16)).subarray(2).toString(), 'you said hello');
      connection.close();
      await server.waitForLog(/"GET \/orders\/42\?verbose=true HTTP\/1\.1" 200/);
    },
    afterwards: (server) => assert.equal(server.log.count(/^closed what was opened in \d+$/), 2),
  });

  configFolder('django', 'Django is set up, and its database brought up to date, before the first worker', {
    application: null,
    launch: async (scene) => ({ listen: 'none', target: { path: scene.path('store.sock') } }),
    observe: async (server, scene) => {
      await server.waitForLog(/\[INFO\] database of Django 5 is up to date/);
      assert.ok(existsSync(scene.path('store.sqlite3')));
      const { status, body } = await request(server.target, '/', {
        headers: { Host: 'store.example', 'X-Forwarded-Proto': 'https' },
      });
      assert.equal(status, 200);
      assert.deepEqual(JSON.parse(body.toString()), { users: 1, secure: true, host: 'store.example' });
      await server.workers(2);
    },
  });
});
