// A client's bytes, in pieces of any size, become requests. The test plays the connection and the gateway.

import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import type { Transport } from '../../../../src/gateway/accept/transport.ts';
import { MemoryBudget } from '../../../../src/gateway/connection/memory-budget.ts';
import { SpoolBudget } from '../../../../src/gateway/connection/spool-budget.ts';
import { type HttpSettings, toHttpSettings } from '../../../../src/gateway/http-settings.ts';
import type { RequestHead } from '../../../../src/gateway/http1/head/request-head.ts';
import type { RequestBody } from '../../../../src/gateway/request/request-body.ts';
import { RequestReader } from '../../../../src/gateway/request/request-reader.ts';
import type { ListenerAddress } from '../../../../src/messages/between-arbiter-and-gateway.ts';
import type { GatewaySettings } from '../../../../src/settings/for-processes/gateway-settings.ts';
import { GET_SEEN, uwsgiPacket, withVariables } from '../../../harness/clients/uwsgi-packet.ts';
import { eventually } from '../../../harness/deadline.ts';
import { gatewaySettings } from '../../../harness/gateway-settings.ts';

const LISTENER: ListenerAddress = { id: 0, label: 'http://a:80', kind: 'tcp', host: '127.0.0.1', port: '80' };
const TRANSPORT: Transport = {
  scheme: 'http',
  listener: LISTENER,
  peer: { address: '127.0.0.1', port: '4000' },
  proxy: null,
  connectedMs: 0,
};
const GET = 'GET /one HTTP/1.1\r\nHost: a\r\n\r\n';
const POST = 'POST /two HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\n';

function settings(changes: Partial<GatewaySettings> = {}): HttpSettings {
  return toHttpSettings({ ...gatewaySettings(), ...changes });
}

/** A connection that serves one request after the other, each when the test allows it. */
class ConnectionDouble {
  readonly requests: { readonly head: RequestHead; readonly body: RequestBody }[] = [];
  readonly refusals: { readonly code: string; readonly end: string; readonly known: string }[] = [];
  continued = 0;
  readonly #reader: RequestReader;

  constructor(reader: RequestReader) {
    this.#reader = reader;
  }

  send(text: string): void {
    this.#read(Buffer.from(text, 'latin1'));
  }

  /** Reads the bytes that the client has sent after its request. */
  goOn(): void {
    this.#read(null);
  }

  #read(chunk: Buffer | null): void {
    const read = this.#reader.read(chunk);
    switch (read.kind) {
      case 'need-more':
        return;
      case 'continue':
        this.continued += 1;
        return this.#read(null);
      case 'request':
        this.requests.push(read);
        return;
      case 'refused': {
        const { refusal, end, rejected } = read;
        this.refusals.push({ code: refusal.code, end, known: rejected.head?.target ?? rejected.line?.target ?? '' });
        this.#reader.stop();
      }
    }
  }

  /** The request in service has been answered. */
  answered(nowMs: number = performance.now()): void {
    this.#reader.restart(nowMs);
  }

  get targets(): string[] {
    return this.requests.map(({ head }) => head.target);
  }
}

interface Scene {
  readonly client: ConnectionDouble;
  readonly reader: RequestReader;
  readonly owner: {
    current: HttpSettings;
    readonly spoolDir: string;
    readonly budget: MemoryBudget;
    readonly spoolBudget: SpoolBudget;
  };
}

function begin(t: TestContext, changes: Partial<GatewaySettings> = {}): Scene {
  const spoolDir = mkdtempSync(join(tmpdir(), 'tunicorn-reader-'));
  t.after(() => rmSync(spoolDir, { recursive: true }));
  const owner = {
    current: settings(changes),
    http: (): HttpSettings => owner.current,
    spoolDir,
    budget: new MemoryBudget(0),
    spoolBudget: new SpoolBudget(0),
  };
  const reader = new RequestReader(TRANSPORT, owner);
  return { client: new ConnectionDouble(reader), reader, owner };
}

test('a request without a body is handed on with its head', (t) => {
  const { client } = begin(t);
  client.send(GET);
  assert.deepEqual(client.targets, ['/one']);
  assert.equal(client.requests[0]?.body.bytes, null);
});

test('a request that arrives byte by byte is the same request', (t) => {
  const { client } = begin(t);
  for (const byte of `${POST}0123456789`) client.send(byte);
  assert.deepEqual(client.targets, ['/two']);
  assert.equal(client.requests[0]?.body.bytes?.toString(), '0123456789');
  assert.equal(client.requests[0]?.body.size, 10);
});

test('bytes after a request are kept, and read on demand', (t) => {
  const { client, reader, owner } = begin(t);
  client.send(`${POST}0123456789${GET}${GET}`);
  assert.deepEqual(client.targets, ['/two']);
  assert.equal(reader.keptBytes, 2 * GET.length);
  assert.equal(owner.budget.usedBytes, 10 + 2 * GET.length);
  assert.equal(reader.isUnderWay, false);
  client.goOn();
  client.goOn();
  assert.deepEqual(client.targets, ['/two', '/one', '/one']);
  assert.equal(reader.keptBytes, 0);
  assert.equal(owner.budget.usedBytes, 10);
});

test('a request that is repeated is the same value', (t) => {
  const { reader } = begin(t);
  const read = (): unknown => reader.read(Buffer.from(GET, 'latin1'));
  assert.equal(read(), read());
});

test('a chunk that is repeated is read as if it came byte by byte, whatever came before it', (t) => {
  const chunks = [
    GET,
    GET,
    GET,
    `\r\n${GET}`,
    `\n${GET}`,
    '\r',
    '\n',
    '\r\n',
    GET.slice(0, 9),
    GET.slice(9),
    GET + GET,
  ];
  chunks.push(`${POST}0123456789`, POST, '0123456789', GET.replace('one', 'two'));
  let seed = 7;
  const next = (): string => {
    seed = (seed * 48_271) % 2_147_483_647;
    return chunks[seed % chunks.length] ?? '';
  };
  const conversations = Array.from({ length: 400 }, () => Array.from({ length: 12 }, next));
  // The LF is the rest of an empty line the first time only.
  conversations.push([GET, '\r', `\n${GET}`, `\n${GET}`]);
  for (const conversation of conversations) {
    const [whole, bytes] = [begin(t), begin(t)];
    for (const chunk of conversation) {
      if (whole.client.refusals.length > 0) break;
      whole.client.send(chunk);
      for (const byte of chunk) if (bytes.client.refusals.length === 0) bytes.client.send(byte);
      for (const { client, reader } of [whole, bytes]) while (reader.keptBytes > 0) client.goOn();
    }
    assert.deepEqual(whole.client.targets, bytes.client.targets);
    assert.deepEqual(
      whole.client.refusals.map(({ code }) => code),
      bytes.client.refusals.map(({ code }) => code),
    );
  }
});

test('a repeated request follows changed settings, too', (t) => {
  const { client, owner } = begin(t);
  for (let count = 0; count < 4; count += 1) client.send(GET);
  owner.current = settings({ limitRequestLineBytes: 10 });
  client.send(GET);
  assert.equal(client.requests.length, 4);
  assert.deepEqual(
    client.refusals.map(({ code }) => code),
    ['LimitRequestLine'],
  );
});

test('the time for the first head counts from the connect, for a later one from its first byte', (t) => {
  const { client, reader } = begin(t);
  client.send(GET.slice(0, 5));
  assert.equal(reader.progressMs, TRANSPORT.connectedMs);
  client.send(GET.slice(5));
  client.answered(1);
  assert.equal(reader.progressMs, 1);
  client.send(GET.slice(0, 5));
  const begunMs = reader.progressMs;
  assert.ok(begunMs > 1);
  client.send(GET.slice(5));
  assert.equal(reader.progressMs, begunMs);
});

test('each piece of a body is progress', (t) => {
  const { client, reader } = begin(t);
  client.send(POST);
  for (const piece of ['012', '345', '678']) {
    const beforeMs = reader.progressMs;
    client.send(piece);
    assert.ok(reader.progressMs > beforeMs);
  }
});

test('settings that have changed are followed from the next request on', (t) => {
  const { client, owner, reader } = begin(t);
  client.send(POST);
  owner.current = settings({ limitRequestBodyBytes: 5 });
  client.send('0123456789');
  assert.deepEqual(client.targets, ['/two']);
  client.answered();
  client.send(POST);
  assert.deepEqual(client.refusals, [{ code: 'ContentTooLarge', end: 'refused', known: '/two' }]);
  assert.equal(reader.http, owner.current);
});

test('a body with a length beyond the limit is refused before a byte of it is read', (t) => {
  const { client } = begin(t, { limitRequestBodyBytes: 9 });
  client.send(POST.replace('Content-Length', 'Expect: 100-continue\r\nContent-Length'));
  assert.deepEqual(client.refusals, [{ code: 'ContentTooLarge', end: 'refused', known: '/two' }]);
  assert.equal(client.continued, 0);
});

test('a body that turns out to be too long is refused once, and leaves nothing behind', async (t) => {
  const { client, owner, reader } = begin(t, { limitRequestBodyBytes: 9, requestBufferBytes: 4 });
  client.send('POST /c HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nabcde\r\n');
  assert.equal(readdirSync(owner.spoolDir).length, 1);
  client.send('5\r\nfghij\r\n5\r\nklmno\r\n0\r\n\r\n');
  assert.deepEqual(client.refusals, [{ code: 'ContentTooLarge', end: 'refused', known: '/c' }]);
  assert.deepEqual(client.targets, []);
  await eventually('the file to be removed', () => readdirSync(owner.spoolDir).length === 0);
  assert.equal(owner.budget.usedBytes, 0);
  assert.equal(reader.hasBegun, false);
});

test('a body beyond request_buffer_size is handed on as a file', (t) => {
  const { client } = begin(t, { requestBufferBytes: 4 });
  client.send(`${POST}0123456789`);
  const { bytes, spoolPath } = client.requests[0]?.body ?? {};
  assert.equal(bytes, null);
  assert.equal(readFileSync(spoolPath ?? '', 'latin1'), '0123456789');
});

test('a client that waits for 100 Continue gets it when its body is wanted', (t) => {
  const { client } = begin(t);
  client.send(POST.replace('Content-Length', 'Expect: 100-continue\r\nContent-Length'));
  assert.equal(client.continued, 1);
});

test('for an ASGI application an incomplete body is streamed, one that came with its head is whole', (t) => {
  const { client } = begin(t, { dialect: 'asgi' });
  client.send(`${POST}01234`);
  assert.equal(client.requests[0]?.body.stream?.receivedBytes, 5);
  client.answered();
  client.send(`${POST}0123456789`);
  assert.equal(client.requests[1]?.body.stream, null);
  assert.equal(client.requests[1]?.body.bytes?.toString(), '0123456789');
});

test('a head that breaks a rule is refused with its known parts', (t) => {
  const { client } = begin(t);
  client.send('GET /bad HTTP/1.1\r\nHost: a\r\nno colon\r\n\r\n');
  assert.deepEqual(client.refusals, [{ code: 'InvalidHeader', end: 'refused', known: '/bad' }]);
});

test('cut() returns whether a client has stopped in the middle of a request', (t) => {
  const { client, reader } = begin(t);
  assert.equal(reader.cut(), null);
  client.send(POST.slice(0, 12));
  assert.equal(reader.cut()?.logMessage.includes('head'), true);
  client.send(`${POST.slice(12)}012`);
  assert.equal(reader.cut()?.logMessage.includes('body'), true);
  client.send('3456789');
  assert.equal(reader.cut(), null);
});

test('the awaited part follows the received ones', (t) => {
  const { client, reader } = begin(t);
  assert.deepEqual(reader.awaited(false, 0), { kind: 'request', isFirst: true, hasUnsentOutput: false });
  client.send(POST.slice(0, 1));
  assert.deepEqual(reader.awaited(false, 0), { kind: 'head' });
  client.send(`${POST.slice(1)}0123`);
  const body = reader.awaited(false, 0);
  assert.equal(body.kind === 'body' ? body.receivedBytes : body.kind, 4);
});

test('a connection speaks the protocol that was set when it began, in whatever pieces', (t) => {
  const { client, owner, reader } = begin(t, { protocol: 'uwsgi' });
  const post = withVariables(GET_SEEN, { REQUEST_METHOD: 'POST', CONTENT_LENGTH: '3', REQUEST_URI: '/post' });
  const first = uwsgiPacket(post, 'abc').toString('latin1');
  const second = uwsgiPacket(GET_SEEN).toString('latin1');
  for (const byte of first.slice(0, -1)) client.send(byte);
  client.send(first.slice(-1) + second.slice(0, 10));
  assert.deepEqual(client.targets, ['/post']);
  assert.equal(client.requests[0]?.body.bytes?.toString(), 'abc');
  assert.equal(reader.mayGoOn, true);
  owner.current = settings();
  client.answered();
  client.goOn();
  client.send(second.slice(10));
  assert.deepEqual(client.targets, ['/post', '/seen?q=1']);
  assert.equal(reader.mayGoOn, false);
});

test('a peer outside uwsgi_allow_ips is refused, however it begins', (t) => {
  const { client } = begin(t, { protocol: 'uwsgi', uwsgiAllowIps: ['10.0.0.0/8'] });
  client.send('\0');
  assert.deepEqual(client.refusals, [{ code: 'ForbiddenUwsgiRequest', end: 'refused', known: '' }]);
  const allowed = begin(t, { protocol: 'uwsgi', uwsgiAllowIps: ['127.0.0.0/8'] });
  allowed.client.send(uwsgiPacket(GET_SEEN).toString('latin1'));
  assert.deepEqual(allowed.client.targets, ['/seen?q=1']);
});

test('a refused packet is known by its request line', (t) => {
  const { client } = begin(t, { protocol: 'uwsgi' });
  client.send(uwsgiPacket(withVariables(GET_SEEN, { CONTENT_LENGTH: '-1' })).toString('latin1'));
  assert.deepEqual(client.refusals, [{ code: 'InvalidHeader', end: 'refused', known: '/seen?q=1' }]);
});
