// Static files of the real command: without a worker, in order with the application's responses, at the pace of slow clients, and never
// from outside the folder.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import {
  mkdirSync,
  readdirSync,
  readlinkSync,
  renameSync,
  rmSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { field, type HttpConnection, type HttpResponse } from '../../harness/clients/http-connection.ts';
import { getText, request, requestBytes } from '../../harness/clients/http-request.ts';
import { eventually } from '../../harness/deadline.ts';
import { onlyTunicorn, type Scene, scenario } from '../../harness/scenario.ts';
import type { Server } from '../../harness/server.ts';
import { seededRandom } from '../../unit/gateway/http1/conversation.ts';

const MIB = 1024 * 1024;
const SECRET = 'not for anyone';

scenario(
  'files are served while the only worker is busy: whole, in part, or not again',
  async (scene) => {
    const folder = site(scene);
    const { rendezvous, server } = await scene.meeting(['--workers', '1', ...mounted(folder)]);
    const busy = request(server.target, '/hold');
    await rendezvous.arrived('held');
    const whole = await request(server.target, '/static/site.css');
    assert.deepEqual(
      [whole.status, whole.body.toString(), field(whole, 'Content-Type'), field(whole, 'Cache-Control')],
      [200, 'body {}\n', 'text/css; charset=utf-8', 'max-age=86400'],
    );
    const get = (path: string, headers: Record<string, string> = {}, method = 'GET'): Promise<HttpResponse> =>
      request(server.target, path, { method, headers });
    const etag = field(whole, 'ETag') ?? '';
    const since = field(whole, 'Last-Modified') ?? '';
    assert.equal((await get('/static/site.css', { 'If-None-Match': etag })).status, 304);
    assert.equal((await get('/static/site.css', { 'If-Modified-Since': since })).status, 304);
    const part = await get('/static/site.css', { Range: 'bytes=0-3', 'If-Range': etag });
    assert.deepEqual([part.status, part.body.toString(), field(part, 'Content-Range')], [206, 'body', 'bytes 0-3/8']);
    const beyond = await get('/static/site.css', { Range: 'bytes=8-' });
    assert.deepEqual([beyond.status, field(beyond, 'Content-Range')], [416, 'bytes */8']);
    const head = await get('/static/site.css', {}, 'HEAD');
    assert.deepEqual([head.status, field(head, 'Content-Length'), head.body.length], [200, '8', 0]);
    const post = await get('/static/site.css', {}, 'POST');
    assert.deepEqual([post.status, field(post, 'Allow')], [405, 'GET, HEAD']);
    assert.equal((await get('/static/docs/')).body.toString(), 'index\n');
    const bare = await get('/static/docs?a=1');
    assert.deepEqual([bare.status, field(bare, 'Location')], [301, '/static/docs/?a=1']);
    const large = await get('/static/large.bin');
    assert.equal(sha(large.body), largeSha);
    for (const path of ['/static/nothing', '/static/site.css/', '/static/pipe', '/static/out.txt', '/static/.env']) {
      assert.equal((await get(path)).status, 404, path);
    }
    rendezvous.release('held');
    assert.equal((await busy).status, 200);
  },
  onlyTunicorn,
);

scenario(
  'pipelined requests for files and for the application are answered in their order, on one connection',
  async (scene) => {
    for (const [app, ...args] of [['hello'], ['asgi_app:app', '-k', 'asgi']]) {
      const server = await scene.tunicorn({
        app: app ?? '',
        args: [...args, ...mounted(site(scene)), '--access-logfile', '-'],
      });
      const paths = ['/static/site.css', '/', '/static/large.bin', '/static/nothing', '/', '/static/docs/'];
      const client = await scene.connect(server);
      await client.send(Buffer.concat([...paths, ...paths].map((path) => requestBytes(path))));
      const [first, , large, missing] = await responses(client, paths.length);
      assert.deepEqual([first?.body.toString(), large?.body.length, missing?.status], ['body {}\n', 3 * MIB, 404]);
      const again = await responses(client, paths.length);
      assert.equal(again[5]?.body.toString(), 'index\n');
      const line = /"GET \/static\/large\.bin HTTP\/1\.1" 200 3145728/;
      await eventually('the lines of the access log', () => server.log.count(line) === 2);
      await server.stop();
    }
  },
  onlyTunicorn,
);

scenario(
  'a slow client gets its file at its own pace: little of it is kept in memory, and nothing on the disk',
  async (scene) => {
    const folder = site(scene);
    const bytes = 64 * MIB;
    writeFileSync(join(folder, 'huge.bin'), Buffer.alloc(bytes, 'x'));
    const server = await scene.tunicorn({ app: 'hello', args: mounted(folder) });
    const [gateway = 0] = server.family().gateways;
    await getText(server.target, '/static/site.css');
    const before = server.peakMemory().get(gateway) ?? 0;
    const clients = await Promise.all(Array.from({ length: 10 }, () => scene.connect(server)));
    for (const client of clients) {
      await client.send(requestBytes('/static/huge.bin'));
      assert.equal((await client.head()).status, 200);
    }
    await eventually('ten open files', () => openFiles(gateway, 'huge.bin') === 10);
    assert.equal(await getText(server.target, '/static/site.css'), 'body {}\n');
    assert.equal((await request(server.target, '/')).status, 200);
    const [reader, ...others] = clients;
    // One of them leaves by a reset, the others in order.
    others.shift()?.socket.resetAndDestroy();
    for (const client of others) client.close();
    await eventually('the files of those that have left to be closed', () => openFiles(gateway, 'huge.bin') === 1);
    let read = 0;
    const head = {
      version: 'HTTP/1.1',
      status: 200,
      reason: 'OK',
      headers: [['Content-Length', String(bytes)]],
    } as const;
    const end = await reader?.body(head, 'GET', (piece) => {
      read += piece.length;
    });
    assert.deepEqual([end, read], ['complete', bytes]);
    await eventually('the last file to be closed', () => openFiles(gateway, 'huge.bin') === 0);
    const grown = (server.peakMemory().get(gateway) ?? 0) - before;
    assert.ok(grown < 48 * MIB, `the gateway has grown by ${Math.round(grown / MIB)} MiB`);
  },
  onlyTunicorn,
);

scenario(
  'a client that reads nothing for write_timeout is cut off, and so is a response whose file becomes shorter',
  async (scene) => {
    const folder = site(scene);
    const file = join(folder, 'huge.bin');
    writeFileSync(file, Buffer.alloc(64 * MIB, 'x'));
    const server = await scene.tunicorn({ app: 'hello', args: [...mounted(folder), '--write-timeout', '1'] });
    const [gateway = 0] = server.family().gateways;
    const stuck = await scene.connect(server);
    await stuck.send(requestBytes('/static/huge.bin'));
    await stuck.head();
    await eventually('the file of the stuck client to be closed', () => openFiles(gateway, 'huge.bin') === 0);
    const client = await scene.connect(server);
    await client.send(requestBytes('/static/huge.bin'));
    const head = await client.head();
    truncateSync(file, MIB);
    assert.equal(await client.body(head, 'GET', () => {}), 'cut');
    await server.waitForLog(/GET \/static\/huge\.bin was cut off: .*huge\.bin changed while it was sent/);
    assert.equal(server.log.count(/Traceback|illegal/i), 0);
  },
  onlyTunicorn,
);

scenario(
  'a file that is replaced while it is sent arrives whole; the next client gets the new one',
  async (scene) => {
    const folder = site(scene);
    const server = await scene.tunicorn({ app: 'hello', args: mounted(folder) });
    const client = await scene.connect(server);
    await client.send(requestBytes('/static/large.bin'));
    const head = await client.head();
    writeFileSync(join(folder, 'new'), 'new\n');
    renameSync(join(folder, 'new'), join(folder, 'large.bin'));
    const pieces: Buffer[] = [];
    assert.equal(await client.body(head, 'GET', (piece) => void pieces.push(piece)), 'complete');
    assert.equal(sha(Buffer.concat(pieces)), largeSha);
    assert.equal(await getText(server.target, '/static/large.bin'), 'new\n');
  },
  onlyTunicorn,
);

scenario(
  'a compressed file beside the file is sent to those that accept it, unless it is older or leads out of the folder',
  async (scene) => {
    const folder = site(scene);
    const server = await scene.tunicorn({ app: 'hello', args: mounted(folder) });
    const write = (name: string, text: string, seconds: number): void => {
      writeFileSync(join(folder, name), text);
      utimesSync(join(folder, name), seconds, seconds);
    };
    write('app.js', 'whole', 1_700_000_000);
    write('app.js.gz', 'gzip', 1_700_000_000);
    write('app.js.br', 'brotli', 1_600_000_000);
    symlinkSync('../secret.txt', join(folder, 'app.js.zst'));
    write('docs/index.html', 'index', 1_700_000_000);
    write('docs/index.html.br', 'index in brotli', 1_700_000_001);
    const get = async (path: string, accepted: string, method = 'GET'): Promise<unknown[]> => {
      const response = await request(server.target, path, { method, headers: { 'Accept-Encoding': accepted } });
      const names = ['Content-Encoding', 'Vary', 'Content-Length', 'Content-Type'];
      return [response.body.toString(), ...names.map((name) => field(response, name) ?? null)];
    };
    const js = 'text/javascript; charset=utf-8';
    assert.deepEqual(await get('/static/app.js', 'gzip, br, zstd;q=0.1'), ['gzip', 'gzip', 'Accept-Encoding', '4', js]);
    assert.deepEqual(await get('/static/app.js', 'zstd'), ['whole', null, 'Accept-Encoding', '5', js]);
    assert.deepEqual(await get('/static/app.js', 'identity'), ['whole', null, 'Accept-Encoding', '5', js]);
    assert.deepEqual(await get('/static/app.js', 'gzip', 'HEAD'), ['', 'gzip', 'Accept-Encoding', '4', js]);
    const html = 'text/html; charset=utf-8';
    assert.deepEqual(await get('/static/docs/', 'br'), ['index in brotli', 'br', 'Accept-Encoding', '15', html]);
    const [, coding, vary] = await get('/static/site.css', 'gzip, br');
    assert.deepEqual([coding, vary], [null, null]);
    const [packed, plain] = [await etag(server, 'gzip'), await etag(server, 'identity')];
    assert.notEqual(packed, plain);
    const headers = { 'Accept-Encoding': 'gzip', 'If-None-Match': packed };
    assert.equal((await request(server.target, '/static/app.js', { headers })).status, 304);
  },
  onlyTunicorn,
);

async function etag(server: Server, accepted: string): Promise<string> {
  const response = await request(server.target, '/static/app.js', { headers: { 'Accept-Encoding': accepted } });
  return field(response, 'ETag') ?? '';
}

scenario(
  'a reload changes the mounts; one with a folder that is missing is refused, and the old ones stay',
  async (scene) => {
    const folder = site(scene);
    const other = join(scene.dir, 'other');
    mkdirSync(other);
    writeFileSync(join(other, 'other.txt'), 'other\n');
    const config = (text: string): string => scene.write('gunicorn.conf.py', `${text}\n`);
    config(`static_path_mount = ${JSON.stringify(folder)}`);
    const app = 'def application(environ, start_response):\n    start_response("200 OK", [])\n    return [b"app"]\n';
    const server = await scene.tunicorn({ app: 'app', files: { 'app.py': app } });
    const client = await scene.connect(server);
    const get = async (path: string): Promise<string> => {
      await client.send(requestBytes(path));
      const response = await client.response();
      return `${response.status} ${response.body}`;
    };
    assert.equal(await get('/static/site.css'), '200 body {}\n');
    assert.equal(await get('/www/other.txt'), '200 app');
    config(
      `static_path_route = ["/www", "/"]\nstatic_path_mount = ["other", ${JSON.stringify(folder)}]\nstatic_path_expires = 0`,
    );
    let since = server.log.lines.length;
    server.signal('SIGHUP');
    await server.waitForLog(/Generation 2 is serving/, since);
    assert.equal(await get('/www/other.txt'), '200 other\n');
    assert.equal(await get('/static/site.css'), '200 app');
    assert.equal(await get('/site.css'), '200 body {}\n');
    assert.match(await get('/www/nothing'), /^404 /);
    assert.equal(await get('/.env'), '200 app');
    config('static_path_mount = "gone"');
    since = server.log.lines.length;
    server.signal('SIGHUP');
    await server.waitForLog(/static_path_mount.*'gone' \(wanted: a folder that exists\)/, since);
    assert.equal(await get('/www/other.txt'), '200 other\n');
  },
  onlyTunicorn,
);

scenario(
  'of 3,000 random paths on the real file system none leads to a secret, and each is answered',
  async (scene) => {
    const folder = site(scene);
    const server = await scene.tunicorn({ app: 'hello', args: mounted(folder) });
    const random = seededRandom(13);
    const pick = (words: readonly string[]): string => words[random(words.length)] ?? '';
    const client = await scene.connect(server);
    const statuses: Record<number, number> = {};
    for (let round = 0; round < 3000; round += 100) {
      const paths = Array.from({ length: 100 }, () => {
        let path = '/static';
        for (let length = 1 + random(6); length > 0; length -= 1) path += `${pick(SEPARATORS)}${pick(NAMES)}`;
        return path;
      });
      await client.send(Buffer.concat(paths.map((path) => requestBytes(path))));
      for (const path of paths) {
        const response = await client.response();
        statuses[response.status] = (statuses[response.status] ?? 0) + 1;
        assert.ok([200, 301, 404].includes(response.status), `${response.status} ${path}`);
        assert.ok(!response.body.includes(SECRET), path);
      }
    }
    assert.ok((statuses[200] ?? 0) > 100 && (statuses[404] ?? 0) > 1000, JSON.stringify(statuses));
    assert.equal(server.log.count(/\[ERROR\]|Traceback/), 0);
  },
  onlyTunicorn,
);

const SEPARATORS = ['/', '/', '/', '/', '//', '%2f', '%2F', '%5c', '\\', '/./', '/../', '/%2e%2e/', '/.%2e/', '/%00'];
const NAMES = [
  'site.css',
  'docs',
  'docs',
  'up',
  'out.txt',
  'secret.txt',
  '.env',
  '..',
  'pipe',
  'inside',
  'etc',
  'passwd',
  '',
  'loop',
  '%2e',
];

const LARGE = randomBytes(3 * MIB);
const largeSha = sha(LARGE);

/** A folder with files, links inside and outside it, and what must never be served. */
function site(scene: Scene): string {
  const folder = join(scene.dir, 'site');
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(join(folder, 'docs'), { recursive: true });
  const write = (name: string, data: string | Buffer): void => writeFileSync(join(folder, name), data);
  write('site.css', 'body {}\n');
  write('docs/index.html', 'index\n');
  write('large.bin', LARGE);
  write('.env', SECRET);
  writeFileSync(join(scene.dir, 'secret.txt'), SECRET);
  symlinkSync('../secret.txt', join(folder, 'out.txt'));
  symlinkSync('..', join(folder, 'up'));
  symlinkSync('docs', join(folder, 'inside'));
  symlinkSync('loop', join(folder, 'loop'));
  execFileSync('mkfifo', [join(folder, 'pipe')]);
  return folder;
}

function mounted(folder: string): string[] {
  return ['--static-path-mount', folder, '--static-path-dir-to-file', 'index.html'];
}

async function responses(client: HttpConnection, count: number): Promise<HttpResponse[]> {
  const got: HttpResponse[] = [];
  while (got.length < count) got.push(await client.response());
  return got;
}

function openFiles(pid: number, name: string): number {
  const folder = `/proc/${pid}/fd`;
  return readdirSync(folder).filter((fd) => {
    try {
      return readlinkSync(join(folder, fd)).endsWith(`/${name}`);
    } catch {
      // Closed meanwhile.
      return false;
    }
  }).length;
}

function sha(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex');
}
