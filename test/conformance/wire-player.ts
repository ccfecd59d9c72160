// Sends the bytes of a case to a running server with the application test/apps/general/seen.py, and reads the responses.

import { pythonRepr } from '../../src/settings/kinds/python-repr.ts';
import { field, HttpConnection, type HttpResponse, type Target } from '../harness/clients/http-connection.ts';
import type { Scene } from '../harness/scenario.ts';
import type { Server } from '../harness/server.ts';

/** A request as the application saw it. */
export interface Seen {
  readonly environ: Readonly<Record<string, string>>;
  /** One character for each byte. */
  readonly body: string;
}

/** What follows the expected responses. */
type WireEnd =
  /** A further request was answered as a request of its own. */
  | { readonly kind: 'kept' }
  | { readonly kind: 'closed' }
  | { readonly kind: 'refused'; readonly status: number; readonly connection: string; readonly page: string };

export interface Played {
  readonly seen: readonly Seen[];
  readonly end: WireEnd;
}

/** Concurrent connections. */
const LANES = 8;
const BEHIND = '/behind';
const BEHIND_BYTES: Buffer = Buffer.from(
  `GET ${BEHIND} HTTP/1.1\r\nHost: behind\r\nConnection: close\r\n\r\n`,
  'latin1',
);

/** A server for cases with these settings. */
export async function startFor(scene: Scene, settings: object): Promise<Server> {
  const lines = Object.entries(settings).map(([name, value]) => `${name} = ${pythonRepr(value)}`);
  const config = scene.write('settings.py', `${lines.join('\n')}\n`);
  return await scene.tunicorn({
    app: 'seen',
    args: ['--config', config, '--workers', '2', '--keep-alive', '60'],
  });
}

/**
 * Plays a case whose requests have these methods, immediately followed by another request, which must be answered only if the case leaves
 * the connection open.
 */
export async function play(target: Target, pieces: readonly Buffer[], methods: readonly string[]): Promise<Played> {
  return await playTo(target, [...pieces, BEHIND_BYTES], methods);
}

/**
 * Plays a case in which the client ends its use of the connection. It must send nothing after that (RFC 9112 section 9.6): bytes that come
 * in a further packet may reset the connection.
 */
export async function playLast(target: Target, pieces: readonly Buffer[], methods: readonly string[]): Promise<Played> {
  const last = Buffer.concat([...pieces.slice(-1), BEHIND_BYTES]);
  return await playTo(target, [...pieces.slice(0, -1), last], methods);
}

async function playTo(target: Target, pieces: readonly Buffer[], methods: readonly string[]): Promise<Played> {
  return await onConnection(target, async (connection) => {
    await sendAll(connection, pieces);
    const seen: Seen[] = [];
    for (const method of methods) seen.push(toSeen(await finalResponse(connection, method)));
    return { seen, end: await endOf(connection) };
  });
}

/** Plays a case that ends in the middle of a message, or between messages: the client half-closes and waits for the end. */
export async function playAndStop(
  target: Target,
  pieces: readonly Buffer[],
  methods: readonly string[],
): Promise<Played> {
  return await onConnection(target, async (connection) => {
    await sendAll(connection, pieces);
    const seen: Seen[] = [];
    for (const method of methods) seen.push(toSeen(await finalResponse(connection, method)));
    connection.endSending();
    return { seen, end: await endOf(connection) };
  });
}

async function onConnection(target: Target, body: (connection: HttpConnection) => Promise<Played>): Promise<Played> {
  const connection = await HttpConnection.open(target);
  let trouble: Error | undefined;
  connection.socket.on('error', (error) => {
    trouble = error;
  });
  try {
    const played = await body(connection);
    // A reset could have discarded the last response.
    if (trouble !== undefined) throw new Error(`the connection did not end well: ${trouble.message}`);
    return played;
  } finally {
    connection.close();
  }
}

/** Each piece is a separate write, and the server has a chance to read it alone. */
async function sendAll(connection: HttpConnection, pieces: readonly Buffer[]): Promise<void> {
  for (const piece of pieces) {
    await connection.send(piece);
    if (pieces.length > 2) await new Promise(setImmediate);
  }
}

async function finalResponse(connection: HttpConnection, method: string): Promise<HttpResponse> {
  for (;;) {
    const response = await connection.response(method);
    if (response.status >= 200) return response;
  }
}

function toSeen(response: HttpResponse): Seen {
  const text = response.body.toString('latin1');
  if (response.status !== 200 || response.end !== 'complete') {
    throw new Error(`not the application's answer: ${response.status} (${response.end}) ${text.slice(0, 300)}`);
  }
  const inField = field(response, 'X-Seen');
  const json = inField === undefined ? text : Buffer.from(inField, 'base64').toString('latin1');
  const { environ, body } = JSON.parse(json) as { environ: Record<string, string>; body: string };
  return { environ, body: Buffer.from(body, 'base64').toString('latin1') };
}

async function endOf(connection: HttpConnection): Promise<WireEnd> {
  const rest = (await connection.untilEnd()).toString('latin1');
  if (rest === '') return { kind: 'closed' };
  const [, head = '', page = ''] = /^(.*?)\r\n\r\n(.*)$/s.exec(rest) ?? [];
  const status = Number(/^HTTP\/1\.[01] (\d{3}) /.exec(head)?.[1]);
  const connectionField = /^connection: (.*)$/im.exec(head)?.[1] ?? '';
  const length = Number(/^content-length: (\d+)$/im.exec(head)?.[1]);
  if (page.length !== length) throw new Error(`not one whole response at the end: ${JSON.stringify(rest)}`);
  if (status >= 400) return { kind: 'refused', status, connection: connectionField, page };
  const { environ } = JSON.parse(page) as { environ: Record<string, string> };
  if (environ.RAW_URI !== BEHIND || environ.HTTP_HOST !== 'behind') {
    throw new Error(`the application was called with a request that no client sent: ${page}`);
  }
  return { kind: 'kept' };
}

/** Runs all tasks, so many concurrently, then fails with all failures. */
export async function playAll<T extends { readonly name: string }>(
  cases: Iterable<T>,
  run: (one: T) => Promise<void>,
): Promise<void> {
  const iterator = cases[Symbol.iterator]();
  const failures: string[] = [];
  const lane = async (): Promise<void> => {
    for (let next = iterator.next(); next.done !== true; next = iterator.next()) {
      try {
        await run(next.value);
      } catch (error) {
        failures.push(`${next.value.name}: ${error instanceof Error ? error.message : String(error)}`);
      }
    }
  };
  await Promise.all(Array.from({ length: LANES }, lane));
  if (failures.length > 0) throw new Error(`${failures.length} cases failed\n${failures.slice(0, 20).join('\n')}`);
}
