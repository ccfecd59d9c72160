// Bodies far larger than the memory that any process may use for them.

import assert from 'node:assert/strict';
import { createHash, type Hash } from 'node:crypto';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import type { HttpConnection, ResponseHead } from '../../harness/clients/http-connection.ts';
import { requestBytes } from '../../harness/clients/http-request.ts';
import { eventually, pause } from '../../harness/deadline.ts';
import { scenario } from '../../harness/scenario.ts';
import type { Server } from '../../harness/server.ts';

const mebibyte = 1024 * 1024;
const limitBytes = 200 * mebibyte;
const block: Buffer = Buffer.alloc(mebibyte, Buffer.from(Array.from({ length: 256 }, (_, number) => number)));
const limits = { limitMs: 240_000 } as const;

scenario(
  'an upload of 1 GiB arrives intact, and no process grows to 200 MiB',
  async (scene) => {
    const server = await scene.tunicorn({ app: 'upload', args: ['--timeout', '200'] });
    const connection = await scene.connect(server);
    await connection.send(`POST / HTTP/1.1\r\nHost: x\r\nContent-Length: ${1024 * mebibyte}\r\n\r\n`);
    await sendBlocks(connection, 1024, (bytes) => [bytes]);
    await expectAnswer(connection, 1024);
    assertSmall(server);
  },
  limits,
);

scenario(
  'a chunked upload of 256 MiB arrives intact, and no process grows to 200 MiB',
  async (scene) => {
    const server = await scene.tunicorn({ app: 'upload', args: ['--timeout', '200'] });
    const connection = await scene.connect(server);
    await connection.send('POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n');
    const size = Buffer.from(`${mebibyte.toString(16)}\r\n`);
    await sendBlocks(connection, 256, (bytes) => [size, bytes, Buffer.from('\r\n')]);
    await connection.send('0\r\n\r\n');
    await expectAnswer(connection, 256);
    assertSmall(server);
  },
  limits,
);

for (const [query, mebibytes] of [['?length', 1024] as const, ['', 256] as const]) {
  scenario(
    `a download of ${mebibytes} MiB ${query === '' ? 'in chunks' : 'with a Content-Length'} waits for a slow reader and arrives intact`,
    async (scene) => {
      const env = { MEBIBYTES: String(mebibytes), PROGRESS: scene.path('progress') };
      const server = await scene.tunicorn({ app: 'huge', args: ['--timeout', '10'], env });
      const connection = await scene.connect(server);
      await connection.send(requestBytes(`/${query}`));
      const head = await connection.head();
      const got = await readSlowly(connection, head, async (received) => {
        // The reader pauses until backpressure has stopped the application, too, long before the end.
        const produced = await standstill(env.PROGRESS);
        assert.ok(produced * mebibyte < received + limitBytes, `${produced} MiB produced, ${received} bytes read`);
      });
      assert.deepEqual([got.length, got.end], [mebibytes * mebibyte, 'complete']);
      assert.equal(got.hash.digest('hex'), sha256OfBlocks(mebibytes));
      assertSmall(server);
    },
    limits,
  );
}

scenario(
  'simultaneous slow uploads and downloads leave the workers to others',
  async (scene) => {
    const server = await scene.tunicorn({ app: 'upload', args: ['--workers', '1', '--timeout', '200'] });
    const connection = await scene.connect(server);
    await connection.send(`POST / HTTP/1.1\r\nHost: x\r\nContent-Length: ${64 * mebibyte}\r\n\r\n`);
    await sendBlocks(connection, 63, (bytes) => [bytes]);
    // The only worker is free while the last block is missing.
    const other = await scene.connect(server);
    await other.send(requestBytes('/', { method: 'POST', body: 'small' }));
    assert.match((await other.response()).body.toString(), /^5 /);
    await sendBlocks(connection, 1, (bytes) => [bytes]);
    await expectAnswer(connection, 64);
  },
  limits,
);

async function sendBlocks(
  connection: HttpConnection,
  count: number,
  frame: (bytes: Buffer) => Buffer[],
): Promise<void> {
  for (let sent = 0; sent < count; sent += 1) {
    for (const piece of frame(block)) {
      if (!connection.socket.write(piece))
        await Promise.race([once(connection.socket, 'drain'), once(connection.socket, 'close')]);
    }
  }
}

async function expectAnswer(connection: HttpConnection, mebibytes: number): Promise<void> {
  const response = await connection.response('POST');
  assert.equal(response.body.toString(), `${mebibytes * mebibyte} ${sha256OfBlocks(mebibytes)}`);
}

/** Pauses once, after 32 MiB, for as long as `whileStopped` takes. */
async function readSlowly(
  connection: HttpConnection,
  head: ResponseHead,
  whileStopped: (received: number) => Promise<void>,
): Promise<{ length: number; hash: Hash; end: 'complete' | 'cut' }> {
  const hash = createHash('sha256');
  let length = 0;
  let stopped = false;
  const end = await connection.body(head, 'GET', async (bytes) => {
    hash.update(bytes);
    length += bytes.length;
    if (length < 32 * mebibyte || stopped) return;
    stopped = true;
    await whileStopped(length);
  });
  return { length, hash, end };
}

/** The number in the file, once it has stayed the same for a while; how long does not matter, because the reader waits anyway. */
async function standstill(path: string): Promise<number> {
  let last = -1;
  return await eventually('the application to stand still', async () => {
    const now = Number(readFileSync(path, 'utf8'));
    if (now === last) return { now };
    last = now;
    await pause(1000);
    return undefined;
  }).then(({ now }) => now);
}

function sha256OfBlocks(count: number): string {
  const hash = createHash('sha256');
  for (let done = 0; done < count; done += 1) hash.update(block);
  return hash.digest('hex');
}

function assertSmall(server: Server): void {
  const peaks = [...server.peakMemory()];
  assert.ok(peaks.length >= 3, 'arbiter, gateway or forkserver, worker');
  for (const [pid, bytes] of peaks) {
    assert.ok(bytes > 0 && bytes < limitBytes, `process ${pid} has had ${Math.round(bytes / mebibyte)} MiB resident`);
  }
}
