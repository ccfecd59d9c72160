// gunicorn.conf.py files about addresses, proxies, limits, metrics and the surroundings of a server: see test/configs/README.md.

import assert from 'node:assert/strict';
import { cpSync, existsSync, readFileSync, statSync } from 'node:fs';
import { connect } from 'node:net';
import { hostname } from 'node:os';
import { basename, join } from 'node:path';
import { describe } from 'node:test';
import { getText, request, requestBytes } from '../../harness/clients/http-request.ts';
import { within } from '../../harness/deadline.ts';
import { NotifySocket } from '../../harness/doubles/notify-socket.ts';
import { type Receiver, udpReceiver } from '../../harness/doubles/receivers.ts';
import { otherServer } from '../../harness/project.ts';
import { freePort, scenario } from '../../harness/scenario.ts';
import { configFolder, configsDir, look } from '../../harness/subjects/config-folder.ts';

let receiver: Receiver | undefined;
let notify: NotifySocket | undefined;
let firstPort = 0;

describe('configurations of addresses and surroundings', { concurrency: 3 }, () => {
  configFolder('behind-nginx', 'a Unix socket that only owner and group may use, and a pid file', {
    launch: async (scene) => ({ listen: 'none', target: { path: scene.path('run/shop.sock') } }),
    observe: async (server, scene) => {
      assert.equal(statSync(scene.path('run/shop.sock')).mode & 0o777, 0o660);
      assert.equal(readFileSync(scene.path('run/shop.pid'), 'utf8').trim(), String(server.pid));
      const headers = { 'X-Forwarded-Proto': 'https', Host: 'shop.example' };
      const { environ } = await look(server, '/', { headers });
      assert.equal(environ['wsgi.url_scheme'], 'https');
      assert.equal(environ.HTTP_HOST, 'shop.example');
    },
    afterwards: (_server, scene) => assert.equal(existsSync(scene.path('run/shop.pid')), false),
  });

  configFolder('many-addresses', 'every address of the list answers', {
    launch: async () => {
      firstPort = await freePortPair();
      const target = { host: '127.0.0.1', port: firstPort };
      return { listen: 'none', target, env: { FIRST_PORT: String(firstPort) } };
    },
    observe: async (_server, scene) => {
      const ports = await Promise.all(
        [firstPort, firstPort + 1].map(async (port) => JSON.parse(await getText({ host: '127.0.0.1', port }))),
      );
      assert.deepEqual(
        ports.map(({ environ }) => environ.SERVER_PORT),
        [String(firstPort), String(firstPort + 1)],
      );
      assert.match(await getText({ path: scene.path('admin.sock') }), /"PATH_INFO": "\/"/);
    },
  });

  configFolder(
    'behind-balancer',
    "the balancer's fields are believed, its connections kept, and the line shows the client",
    {
      observe: async (server, scene) => {
        const connection = await scene.connect(server);
        const headers = { 'X-Amzn-TLS': 'on', 'X-Forwarded-For': '203.0.113.9' };
        for (const path of ['/first', '/second']) {
          await connection.send(requestBytes(path, { headers }));
          const { status, body } = await connection.response();
          assert.equal(status, 200);
          assert.equal(JSON.parse(body.toString()).environ['wsgi.url_scheme'], 'https');
          assert.equal(JSON.parse(body.toString()).environ.REMOTE_ADDR, '127.0.0.1');
        }
        connection.close();
        await server.waitForLog(/^203\.0\.113\.9 127\.0\.0\.1 "GET \/second HTTP\/1\.1" 200 none https \d+ms$/);
      },
    },
  );

  configFolder('hardened', 'limits refuse requests that are too long or too large, and nothing reveals the server', {
    trouble: /Invalid request/,
    observe: async (server) => {
      const plain = await request(server.target, '/');
      assert.equal(plain.status, 200);
      assert.equal(plain.headers.find(([name]) => name.toLowerCase() === 'server')?.[1], 'shop');
      assert.equal(JSON.parse(plain.body.toString()).environ.SERVER_SOFTWARE, 'shop');
      const many = Object.fromEntries(Array.from({ length: 7 }, (_, index) => [`X-Field-${index}`, 'x']));
      const statuses = await Promise.all([
        request(server.target, `/${'x'.repeat(200)}`),
        request(server.target, '/', { headers: many }),
        request(server.target, '/', { headers: { 'X-Long': 'x'.repeat(120) } }),
        request(server.target, '/', { headers: { X_Underscored: 'x' } }),
      ]);
      assert.deepEqual(
        statuses.map(({ status }) => status),
        [414, 431, 431, 400],
      );
    },
  });

  configFolder('proxy-protocol', "the PROXY line gives the client's address", {
    launch: async () => {
      const port = await freePort();
      return { target: { host: '127.0.0.1', port }, listen: 'none', args: ['--bind', `127.0.0.1:${port}`] };
    },
    readyBy: 'connection',
    trouble: /Invalid request/,
    observe: async (server, scene) => {
      const connection = await scene.connect(server);
      await connection.send('PROXY TCP4 198.51.100.7 192.0.2.1 51000 443\r\n');
      await connection.send(requestBytes('/'));
      const { body } = await connection.response();
      const { environ } = JSON.parse(body.toString());
      assert.deepEqual([environ.REMOTE_ADDR, environ.REMOTE_PORT], ['198.51.100.7', '51000']);
      connection.close();
      await server.waitForLog(/^198\.51\.100\.7 - - .* 200/);
    },
  });

  configFolder('statsd', 'metrics have prefix and tags', {
    launch: async (scene) => {
      receiver = await udpReceiver(scene);
      const [host, port] = receiver.address.split(':');
      return { env: { STATSD_HOST: host, STATSD_PORT: port, STAGE: 'test' } };
    },
    observe: async (server) => {
      await look(server);
      const tags = `#team:checkout,host:${hostname().split('.')[0]}`;
      for (const what of ['requests:1\\|c', 'request\\.status\\.200:1\\|c', 'workers:2\\|g']) {
        const metric = await receiver?.waitFor(new RegExp(`^shop\\.test\\.gunicorn\\.${what}`));
        assert.ok(metric?.endsWith(`|${tags}`), metric);
      }
    },
  });

  configFolder('systemd', 'systemd is notified of readiness and of the end; the pid file is in the runtime directory', {
    launch: async (scene) => {
      // Abstract, so that no file looks like one that the server left behind.
      notify = await NotifySocket.open(scene, `@${basename(scene.dir)}`);
      return { env: { NOTIFY_SOCKET: notify.address, RUNTIME_DIRECTORY: scene.dir } };
    },
    observe: async (server, scene) => {
      const { pid, fields } = (await notify?.waitFor(/READY=1/)) ?? {};
      assert.equal(pid, server.pid);
      assert.ok(fields?.has('STATUS'));
      assert.equal(readFileSync(scene.path('pid'), 'utf8').trim(), String(server.pid));
    },
    afterwards: () => assert.ok(otherServer || notify?.notices().some(({ fields }) => fields.has('STOPPING'))),
  });

  if (!otherServer) {
    scenario(
      'own-certificate: settings that ask for TLS are refused at the start, never served in clear text',
      async (scene) => {
        cpSync(join(configsDir, 'own-certificate'), scene.dir, { recursive: true });
        const { code, text } = await scene.run({ app: 'shop', listen: 'tcp' });
        assert.equal(code, 1);
        const refused = [...text.matchAll(/^Error: Setting '(\w+)' in gunicorn\.conf\.py is refused: .* no TLS /gm)];
        assert.deepEqual(
          refused.map(([, name]) => name),
          ['keyfile', 'certfile', 'cert_reqs', 'ca_certs', 'ciphers'],
        );
        assert.doesNotMatch(text, /Listening at/);
      },
    );
  }
});

/** The first of two free ports in a row. */
async function freePortPair(): Promise<number> {
  for (;;) {
    const port = await freePort();
    const probe = connect({ host: '127.0.0.1', port: port + 1 });
    const taken = await within(
      'a probe',
      new Promise<boolean>((resolve) => {
        probe.once('connect', () => resolve(true));
        probe.once('error', () => resolve(false));
      }),
    );
    probe.destroy();
    if (!taken) return port;
  }
}
