// The client's address from proxies: the PROXY protocol, from a bare socket and a real HAProxy, and Forwarded through a real nginx.
// The configurations of the proxies are those of docs/proxies.md.

import assert from 'node:assert/strict';
import { HttpConnection, type HttpResponse, type Target } from '../../harness/clients/http-connection.ts';
import { request, requestBytes } from '../../harness/clients/http-request.ts';
import { DebianProgram, startProxy } from '../../harness/machine/front-proxy.ts';
import { freePort, onlyTunicorn, type Scene, scenario, sharedServer } from '../../harness/scenario.ts';
import type { Server } from '../../harness/server.ts';

const nginx = new DebianProgram('nginx');
const haproxy = new DebianProgram('haproxy');
const behindNginx = { skip: onlyTunicorn.skip || nginx.skip } as const;
const behindHaproxy = { skip: onlyTunicorn.skip || haproxy.skip } as const;

const ACCESS_LOG = ['--access-logfile', '-', '--access-logformat', 'access %(h)s %(U)s'];
const echo = sharedServer({ app: 'echo', args: ['--proxy-protocol', 'auto', ...ACCESS_LOG] });

const V1 = 'PROXY TCP4 203.0.113.7 192.0.2.1 56324 443\r\n';
const V2 = Buffer.concat([
  Buffer.from('\r\n\r\n\0\r\nQUIT\n', 'latin1'),
  Buffer.from('21210027', 'hex'),
  Buffer.from('20010db8000000000000000000000001', 'hex'),
  Buffer.from('20010db8000000000000000000000002', 'hex'),
  Buffer.from('dc0401bb', 'hex'),
  Buffer.from('040000', 'hex'),
]);
const V2_LOCAL = Buffer.from('0d0a0d0a000d0a515549540a20000000', 'hex');

const OF_V1 = {
  PROXY_PROTOCOL: 'TCP4',
  REMOTE_ADDR: '203.0.113.7',
  REMOTE_PORT: '56324',
  PROXY_ADDR: '192.0.2.1',
  PROXY_PORT: '443',
};
const OF_V2 = {
  PROXY_PROTOCOL: 'TCP6',
  REMOTE_ADDR: '2001:db8::1',
  REMOTE_PORT: '56324',
  PROXY_ADDR: '2001:db8::2',
  PROXY_PORT: '443',
};

for (const [version, header, expected] of [
  ['v1', Buffer.from(V1, 'latin1'), OF_V1],
  ['v2', V2, OF_V2],
] as const) {
  scenario(
    `a ${version} header names the client, for every request of the connection and in the access log`,
    async (scene) => {
      const server = await echo();
      const connection = await scene.connect(server);
      const path = `/${version}`;
      await connection.send(Buffer.concat([header, requestBytes(path)]));
      for (const count of [1, 2, 3]) {
        const { environ } = answerOf(await connection.response());
        assert.deepEqual(selected(environ, expected), expected, `request ${count}`);
        assert.equal(environ.SERVER_NAME, '127.0.0.1');
        if (count < 3) await connection.send(requestBytes(path, count === 1 ? { method: 'POST', body: 'abc' } : {}));
      }
      await server.waitForLog(new RegExp(`access ${expected.REMOTE_ADDR} ${path}`));
      assert.equal(server.log.count(new RegExp(`access 127\\.0\\.0\\.1 ${path}`)), 0);
    },
    onlyTunicorn,
  );

  scenario(
    `a ${version} header that arrives byte by byte is read as one header`,
    async (scene) => {
      const connection = await scene.connect(await echo());
      for (const byte of header) await connection.send(Buffer.from([byte]));
      await connection.send(requestBytes('/'));
      const { environ } = answerOf(await connection.response());
      assert.deepEqual(selected(environ, expected), expected);
    },
    onlyTunicorn,
  );
}

scenario(
  'without a header the addresses are those of the socket, even if the first bytes look like one',
  async (scene) => {
    const server = await echo();
    for (const method of ['GET', 'PROPFIND']) {
      const connection = await scene.connect(server);
      const bytes = requestBytes('/', { method });
      await connection.send(bytes.subarray(0, 2));
      await connection.send(bytes.subarray(2));
      const { environ } = answerOf(await connection.response());
      assert.deepEqual(
        [environ.REMOTE_ADDR, environ.REMOTE_PORT, environ.PROXY_PROTOCOL],
        ['127.0.0.1', String(connection.socket.localPort), undefined],
      );
    }
  },
  onlyTunicorn,
);

scenario(
  'LOCAL and UNKNOWN leave the addresses of the socket',
  async (scene) => {
    const server = await echo();
    for (const [header, protocol] of [
      [V2_LOCAL, 'LOCAL'],
      [Buffer.from('PROXY UNKNOWN\r\n', 'latin1'), 'UNKNOWN'],
    ] as const) {
      const connection = await scene.connect(server);
      await connection.send(Buffer.concat([header, requestBytes('/')]));
      const { environ } = answerOf(await connection.response());
      assert.deepEqual(
        [environ.PROXY_PROTOCOL, environ.REMOTE_ADDR, environ.PROXY_ADDR],
        [protocol, '127.0.0.1', undefined],
      );
    }
  },
  onlyTunicorn,
);

scenario(
  'a malformed header is refused with 400 and a closed connection, and the log has the reason',
  async (scene) => {
    const server = await echo();
    for (const [header, message] of [
      ['PROXY TCP4 203.0.113.7 192.0.2.1 56324 99999\r\n', /Invalid PROXY line: 'PROXY TCP4 203\.0\.113\.7/],
      ['\r\n\r\n\0\r\nQUIT\n\x21\x12\0\0', /Invalid PROXY header: only TCP protocol is supported/],
      // A second header is not a request.
      [V1 + V1, /Invalid request from ip=203\.0\.113\.7: Invalid HTTP/],
    ] as const) {
      const connection = await scene.connect(server);
      const since = server.log.lines.length;
      await connection.send(Buffer.concat([Buffer.from(header, 'latin1'), requestBytes('/')]));
      assert.equal((await connection.response()).status, 400);
      assert.ok(await connection.closesSilently());
      await server.waitForLog(message, since);
    }
  },
  onlyTunicorn,
);

scenario('a peer that is not in proxy_allow_ips is refused with 403, and served without a header', async (scene) => {
  const server = await scene.tunicorn({
    app: 'echo',
    args: ['--proxy-protocol', 'auto', '--proxy-allow-from', '10.0.0.1'],
  });
  for (const header of [Buffer.from(V1, 'latin1'), V2]) {
    const connection = await scene.connect(server);
    await connection.send(Buffer.concat([header, requestBytes('/')]));
    const response = await connection.response();
    assert.deepEqual([response.status, response.reason], [403, 'Forbidden']);
    assert.match(response.body.toString(), /Request forbidden/);
    assert.ok(await connection.closesSilently());
  }
  await server.waitForLog(/Invalid request from ip=127\.0\.0\.1: Proxy request from '127\.0\.0\.1' not allowed/);
  assert.equal(answerOf(await request(server.target, '/')).environ.REMOTE_ADDR, '127.0.0.1');
});

scenario('--proxy-protocol v2 treats a v1 header as a bad request', async (scene) => {
  const server = await scene.tunicorn({ app: 'echo', args: ['--proxy-protocol', 'v2'] });
  const connection = await scene.connect(server);
  await connection.send(Buffer.concat([Buffer.from(V1, 'latin1'), requestBytes('/')]));
  assert.equal((await connection.response()).status, 400);
});

scenario('a peer on a Unix socket may send a header', async (scene) => {
  const server = await scene.tunicorn({
    app: 'echo',
    listen: 'unix',
    args: ['--proxy-protocol', 'auto', '--proxy-allow-from', ''],
  });
  const connection = await scene.connect(server);
  await connection.send(V1 + requestBytes('/').toString('latin1'));
  assert.deepEqual(selected(answerOf(await connection.response()).environ, OF_V1), OF_V1);
});

scenario(
  'forwarded_allow_ips is about the peer, not about the client that the header names',
  async (scene) => {
    const server = await scene.tunicorn({
      app: 'echo',
      args: ['--proxy-protocol', 'auto', '--forwarded-allow-ips', '203.0.113.7'],
    });
    const connection = await scene.connect(server);
    const headers = { 'X-Forwarded-Proto': 'https' };
    await connection.send(Buffer.concat([Buffer.from(V1, 'latin1'), requestBytes('/', { headers })]));
    const { environ } = answerOf(await connection.response());
    assert.deepEqual([environ.REMOTE_ADDR, environ['wsgi.url_scheme']], ['203.0.113.7', 'http']);
  },
  onlyTunicorn,
);

scenario(
  'a header that is missing or incomplete gets the time of head_timeout',
  async (scene) => {
    const server = await scene.tunicorn({ app: 'echo', args: ['--proxy-protocol', 'auto', '--head-timeout', '1'] });
    const silent = await scene.connect(server);
    const slow = await scene.connect(server);
    await slow.send('PROXY TCP4 ');
    const response = await slow.response();
    assert.equal(response.status, 408);
    assert.ok(await slow.closesSilently());
    await silent.untilEnd();
  },
  onlyTunicorn,
);

scenario(
  'a stop does not wait for a connection that has sent nothing but its header',
  async (scene) => {
    const server = await scene.tunicorn({ app: 'echo', args: ['--proxy-protocol', 'auto'] });
    const silent = await scene.connect(server);
    const cut = await scene.connect(server);
    await cut.send('PROXY TCP4 ');
    const proxied = await scene.connect(server);
    await proxied.send(V1 + requestBytes('/').toString('latin1'));
    assert.equal((await proxied.response()).status, 200);
    const { code } = await server.stop();
    assert.equal(code, 0);
    for (const connection of [silent, cut]) await connection.untilEnd();
  },
  { ...onlyTunicorn, limitMs: 25_000 },
);

for (const option of ['send-proxy', 'send-proxy-v2'] as const) {
  scenario(
    `behind HAProxy with ${option} the application sees the client, also on a keep-alive connection`,
    async (scene) => {
      const server = await echo();
      const front = await startHaproxy(scene, server, option, 'http-reuse always');
      const connection = await connectFrom(scene, '127.0.0.2', front);
      const connections = new Set<unknown>();
      for (let count = 0; count < 3; count += 1) {
        await connection.send(requestBytes(`/${option}`));
        const { environ } = answerOf(await connection.response());
        assert.deepEqual(
          [environ.PROXY_PROTOCOL, environ.REMOTE_ADDR, environ.REMOTE_PORT, environ.PROXY_ADDR, environ.PROXY_PORT],
          ['TCP4', '127.0.0.2', String(connection.socket.localPort), '127.0.0.1', String(front.port)],
        );
        assert.equal(environ['wsgi.url_scheme'], 'http');
        connections.add(environ.REMOTE_PORT);
      }
      assert.equal(connections.size, 1);
      await server.waitForLog(new RegExp(`access 127\\.0\\.0\\.2 /${option}`));
      // The connection for the first client is idle now, but it is not for others.
      const other = await connectFrom(scene, '127.0.0.3', front);
      await other.send(requestBytes('/other'));
      assert.equal(answerOf(await other.response()).environ.REMOTE_ADDR, '127.0.0.3');
    },
    behindHaproxy,
  );
}

scenario(
  'the health checks of HAProxy, whose header is LOCAL, are answered',
  async (scene) => {
    const server = await echo();
    const since = server.log.lines.length;
    await startHaproxy(scene, server, 'send-proxy-v2 check check-send-proxy inter 200ms', 'option httpchk GET /health');
    await server.waitForLog(/access 127\.0\.0\.1 \/health/, since);
    assert.equal(server.log.lines.slice(since).filter((line) => /Invalid request/.test(line)).length, 0);
  },
  behindHaproxy,
);

scenario(
  'behind HAProxy with only Forwarded, the scheme comes from that field',
  async (scene) => {
    const server = await scene.tunicorn({ app: 'echo', args: ['--forwarded-header'] });
    const front = await startHaproxy(scene, server, '', 'http-request set-header Forwarded "proto=https"');
    const headers = { Forwarded: 'proto=http;nonsense' };
    const { environ } = answerOf(await request(front, '/', { headers }));
    assert.deepEqual([environ['wsgi.url_scheme'], environ.HTTP_FORWARDED], ['https', 'proto=https']);
  },
  behindHaproxy,
);

scenario(
  'behind nginx the scheme comes from X-Forwarded-Proto and Forwarded, and a client cannot choose it',
  async (scene) => {
    const server = await scene.tunicorn({ app: 'echo', args: ['--forwarded-header'] });
    const front = await startNginx(scene, server);
    const forged = { Forwarded: 'proto=http', 'X-Forwarded-Proto': 'http', 'X-Forwarded-For': '8.8.8.8' };
    for (const headers of [{}, forged]) {
      const { environ } = answerOf(await request(front, '/', { headers }));
      assert.equal(environ['wsgi.url_scheme'], 'https');
      assert.equal(environ.REMOTE_ADDR, '127.0.0.1');
      assert.match(String(environ.HTTP_X_FORWARDED_FOR), /127\.0\.0\.1$/);
    }
    // X-Forwarded-Ssl is not among the fields that this nginx overwrites, but it is among the secure_scheme_headers.
    const refused = await request(front, '/', { headers: { 'X-Forwarded-Ssl': 'off' } });
    assert.equal(refused.status, 400);
    await server.waitForLog(/Contradictory scheme headers/);
  },
  behindNginx,
);

interface Answer {
  readonly environ: Readonly<Record<string, unknown>>;
}

function answerOf(response: HttpResponse): Answer {
  assert.equal(response.status, 200, response.body.toString());
  return JSON.parse(response.body.toString()) as Answer;
}

function selected(environ: Answer['environ'], names: Readonly<Record<string, string>>): Record<string, unknown> {
  return Object.fromEntries(Object.keys(names).map((name) => [name, environ[name]]));
}

function addressOf({ target }: Server): string {
  assert.ok('port' in target);
  return `${target.host}:${target.port}`;
}

async function connectFrom(scene: Scene, localAddress: string, target: Target): Promise<HttpConnection> {
  const from = { ...target, localAddress };
  const connection = await HttpConnection.open(from);
  scene.defer(() => connection.close());
  return connection;
}

async function startHaproxy(
  scene: Scene,
  server: Server,
  serverOptions: string,
  backendLine: string = '',
): Promise<{ host: string; port: number }> {
  const target = { host: '127.0.0.1', port: await freePort() };
  const path = scene.write(
    'haproxy.cfg',
    `
defaults
  mode http
  timeout connect 5s
  timeout client 60s
  timeout server 60s
frontend web
  bind 127.0.0.1:${target.port}
  default_backend app
backend app
  ${backendLine}
  server app ${addressOf(server)} ${serverOptions}
`,
  );
  await startProxy(scene, haproxy, ['-db', '-q', '-f', path], target);
  return target;
}

async function startNginx(scene: Scene, server: Server): Promise<Target> {
  const target = { host: '127.0.0.1', port: await freePort() };
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'];
  const path = scene.write(
    'nginx.conf',
    `
# One process: with more, the death of the first would leave the others.
master_process off;
pid nginx.pid;
events {}
http {
  access_log off;
  ${temporary.map((kind) => `${kind}_temp_path nginx-${kind};`).join('\n  ')}
  upstream app {
    server ${addressOf(server)};
    keepalive 32;
  }
  server {
    listen 127.0.0.1:${target.port};
    # As if this server had TLS.
    set $https_or_http https;
    location / {
      proxy_pass http://app;
      proxy_http_version 1.1;
      proxy_set_header Connection "";
      proxy_set_header Host $http_host;
      proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
      proxy_set_header X-Forwarded-Proto $https_or_http;
      proxy_set_header Forwarded "proto=$https_or_http";
    }
  }
}
`,
  );
  const user = process.getuid?.() === 0 ? ' user root;' : '';
  const args = ['-p', scene.dir, '-c', path, '-e', 'nginx-error.log', '-g', `daemon off;${user}`];
  await startProxy(scene, nginx, args, target);
  return target;
}
