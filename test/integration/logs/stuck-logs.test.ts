// Logs that cannot be written: pipes without a reader, full disks. Requests are still answered, and lost lines are counted and reported.

import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  closeSync,
  constants,
  existsSync,
  openSync,
  readFileSync,
  readSync,
  rmSync,
  symlinkSync,
  writeSync,
} from 'node:fs';
import { HttpConnection } from '../../harness/clients/http-connection.ts';
import { request, requestBytes } from '../../harness/clients/http-request.ts';
import { eventually } from '../../harness/deadline.ts';
import { noMounts, withMounts } from '../../harness/machine/mount-namespace.ts';
import { isAlive } from '../../harness/machine/process-table.ts';
import { type Scene, scenario } from '../../harness/scenario.ts';
import type { Server } from '../../harness/server.ts';

/** More than a pipe and the memory for a log can hold: from there on, lines are dropped. */
const LINE_BYTES = 4000;
const REQUESTS = 2500;

function namedPipe(scene: Scene, name: string): string {
  const path = scene.path(name);
  execFileSync('mkfifo', [path]);
  return path;
}

async function manyRequests(server: Server, count: number, agent: string): Promise<void> {
  const connection = await HttpConnection.open(server.target);
  const bytes = requestBytes('/', { headers: { 'User-Agent': agent } });
  for (let number = 0; number < count; number += 1) {
    await connection.send(bytes);
    assert.equal((await connection.response()).status, 200);
  }
  connection.close();
}

async function manyRefusals(server: Server, count: number): Promise<void> {
  for (let number = 0; number < count; number += 1) {
    const connection = await HttpConnection.open(server.target);
    await connection.send(`${'nonsense'.repeat(100)}\r\n\r\n`);
    assert.equal((await connection.response()).status, 400);
    connection.close();
  }
}

for (const reader of ['no reader', 'a reader that does not read'] as const) {
  scenario(
    `an access log in a named pipe with ${reader} loses lines, which are counted, but no request`,
    async (scene) => {
      const path = namedPipe(scene, 'access.pipe');
      const fd = reader === 'no reader' ? null : openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
      if (fd !== null) scene.defer(() => closeSync(fd));
      const server = await scene.tunicorn({ app: 'hello', args: ['--access-logfile', path] });
      await manyRequests(server, REQUESTS, 'x'.repeat(LINE_BYTES));
      await server.waitForLog(/\[ERROR\] Dropping lines of the access log: too many are waiting to be written/);
      assert.equal((await server.stop()).code, 0);
      assert.equal(server.log.count(/starting a new one/), 0);
    },
  );
}

scenario(
  'a reader that finally reads gets whole lines, and the error log has the number of missing ones',
  async (scene) => {
    const path = namedPipe(scene, 'access.pipe');
    const server = await scene.tunicorn({ app: 'hello', args: ['--access-logfile', path] });
    await manyRequests(server, REQUESTS, 'x'.repeat(LINE_BYTES));
    await server.waitForLog(/Dropping lines of the access log/);
    const cat = spawn('cat', [path], { stdio: ['ignore', 'pipe', 'inherit'] });
    scene.defer(() => void cat.kill('SIGKILL'));
    const read = once(cat, 'close');
    let text = '';
    cat.stdout.setEncoding('utf8').on('data', (piece: string) => {
      text += piece;
    });
    const [, dropped] = await server.waitForLog(/Writing to the access log again; lines dropped so far: (\d+)/);
    await server.stop();
    await read;
    const lines = text.split('\n').slice(0, -1);
    assert.equal(lines.length + Number(dropped), REQUESTS);
    for (const line of lines) assert.match(line, /^127\.0\.0\.1 - - \[.*\] "GET \/ HTTP\/1\.1" 200 \d+ "-" "x{4000}"$/);
  },
);

scenario('an error log in a named pipe without a reader delays no request', async (scene) => {
  const path = namedPipe(scene, 'error.pipe');
  const fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  scene.defer(() => closeSync(fd));
  const server = await scene.launch({ app: 'hello', args: ['--error-logfile', path] });
  await eventually('the start', () => readPipe(fd).includes('Generation 1 is serving'));
  // Each leaves a line of some hundred bytes: several times the capacity of the pipe.
  await manyRefusals(server, 500);
  assert.equal((await request(server.target, '/')).status, 200);
  assert.equal((await server.stop()).code, 0);
});

scenario('a full disk for the access log is reported once, and no request fails', async (scene) => {
  const path = scene.path('access.log');
  symlinkSync('/dev/full', path);
  const server = await scene.tunicorn({ app: 'hello', args: ['--access-logfile', path] });
  await manyRequests(server, 300, 'curl');
  await server.waitForLog(/\[ERROR\] Cannot write the access log: No space left on device/);
  await manyRequests(server, 300, 'curl');
  assert.equal((await server.stop()).code, 0);
  assert.equal(server.log.count(/Cannot write the access log/), 1);
});

scenario('a full disk for the error log loses lines, but no request', async (scene) => {
  const path = scene.path('error.log');
  symlinkSync('/dev/full', path);
  const server = await scene.launch({ app: 'hello', args: ['--error-logfile', path] });
  await eventually('an answer', async () => {
    return await request(server.target, '/').then(
      ({ status }) => status === 200,
      () => false,
    );
  });
  await manyRefusals(server, 20);
  assert.equal((await request(server.target, '/')).status, 200);
  assert.equal((await server.stop()).code, 0);
});

scenario(
  'a server whose logs are on a full disk serves and reloads, and each process reports its missing lines when there is room again',
  async (scene) => {
    const server = await scene.launch({
      app: 'noisy',
      args: ['--error-logfile', 'disk/error.log', '--access-logfile', 'disk/access.log'],
      files: { 'noisy.py': NOISY, 'disk/here': '' },
      cwd: scene.dir,
      launcher: withMounts('mount -t tmpfs -o size=64k none disk'),
    });
    // As the server sees it: the mount is in a namespace of its own.
    const disk = `/proc/${server.pid}/root${scene.dir}/disk`;
    const text = (): string => readFileSync(`${disk}/error.log`, 'utf8');
    await eventually('the start', () => existsSync(`${disk}/error.log`) && /Generation 1 is serving/.test(text()));
    fillDisk(`${disk}/filler`);
    const before = text();
    for (let times = 0; times < 20; times += 1) await everyoneLogs(server);
    server.signal('SIGHUP');
    const [old = 0] = server.workerPids();
    await eventually('the reload', () => !isAlive(old));
    await everyoneLogs(server);
    assert.ok(text().length - before.length < 5000, 'the disk was full');
    rmSync(`${disk}/filler`);
    // There is only one worker, which is not removed: the arbiter logs that.
    server.signal('SIGTTOU');
    const { arbiter, gateways, workers } = server.family();
    const again = (pid: number | undefined): RegExp =>
      new RegExp(
        `^\\[[^\\]]*\\] \\[${pid}\\] \\[ERROR\\] Writing to the error log again; lines dropped so far: \\d+$`,
        'm',
      );
    await eventually('each to say that its lines are written again', async () => {
      await everyoneLogs(server);
      return [arbiter, ...gateways, ...workers].every((pid) => again(pid).test(text()));
    });
    assert.equal((await request(server.target, '/')).status, 200);
    assert.equal((await server.stop()).code, 0);
    await server.nothingLeft();
  },
  { skip: noMounts },
);

scenario('unread stdout and stderr delay no request, nor the end of the gateway', async (scene) => {
  const server = await scene.launch({
    app: 'hello',
    args: ['--access-logfile', '-', '--pid', scene.path('pid')],
    // Its standard streams are pipes whose other end is open but never read.
    launcher: ['python3', '-c', UNREAD],
  });
  await eventually('an answer', async () => {
    return await request(server.target, '/').then(
      ({ status }) => status === 200,
      () => false,
    );
  });
  assert.ok(existsSync(scene.path('pid')));
  const processes = server.family().all;
  await manyRequests(server, REQUESTS, 'x'.repeat(LINE_BYTES));
  await manyRefusals(server, 500);
  assert.deepEqual(server.family().all, processes);
  const pid = Number(readFileSync(scene.path('pid'), 'utf8'));
  process.kill(pid, 'SIGTERM');
  await server.nothingLeft();
});

const NOISY = `
def application(environ, start_response):
    print('a line of the application', file=environ['wsgi.errors'])
    start_response('200 OK', [('Content-Length', '0')])
    return []
`;

/** Application, worker and gateway have something for the error log. */
async function everyoneLogs(server: Server): Promise<void> {
  assert.equal((await request(server.target, '/')).status, 200);
  await manyRefusals(server, 1);
}

function fillDisk(file: string): void {
  const fd = openSync(file, 'w');
  try {
    while (true) writeSync(fd, Buffer.alloc(1024));
  } catch {
    closeSync(fd);
  }
}

const UNREAD = `
import os, subprocess, sys
out, out_end = os.pipe()
err, err_end = os.pipe()
sys.exit(subprocess.call(sys.argv[1:], stdout=out_end, stderr=err_end))
`;

/** The lines written so far. */
let seen = '';
function readPipe(fd: number): string {
  const buffer = Buffer.alloc(65536);
  try {
    const count = readSync(fd, buffer);
    seen += buffer.toString('utf8', 0, count);
  } catch {
    // Nothing there.
  }
  return seen;
}
