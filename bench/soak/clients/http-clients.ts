// Clients that finish their HTTP exchanges, quickly or slowly.

import { field, HttpConnection } from '../../../test/harness/clients/http-connection.ts';
import { type RequestOptions, requestBytes } from '../../../test/harness/clients/http-request.ts';
import { pause } from '../../../test/harness/deadline.ts';
import { type ClientKind, Failure, type Visitor } from './traffic.ts';
import { bigBody, bodyOf, expectDigest, expectOk, fresh, KIB, MIB, onConnection, piecesOf } from './visits.ts';

const visitsPerConnection = 40;
const hangPauseMs = 25_000;

function keepsItsConnection(): ReturnType<ClientKind['open']> {
  let connection: HttpConnection | undefined;
  let connectedMs = 0;
  let visits = 0;
  const close = (): void => {
    connection?.close();
    connection = undefined;
  };
  const visit: Visitor = async (target, visiting) => {
    if (connection === undefined || visits >= visitsPerConnection) {
      close();
      connectedMs = performance.now();
      connection = await HttpConnection.open(target);
      visits = 0;
    }
    visiting.connectedMs = connectedMs;
    visits += 1;
    const body = bodyOf(visiting.number, 20);
    try {
      await connection.send(requestBytes('/', { method: 'POST', body }));
      const response = await connection.response('POST');
      expectDigest(response, body);
      if (field(response, 'Connection')?.toLowerCase() === 'close') close();
    } catch (error) {
      close();
      throw error;
    }
    return 'right';
  };
  return { visit, close };
}

function ask(options: (number: number) => RequestOptions & { readonly path: string; readonly body: Buffer }): Visitor {
  return async (target, { number }) => {
    const { path, ...more } = options(number);
    return await onConnection(target, async (connection) => {
      await connection.send(requestBytes(path, { ...more, headers: { Connection: 'close' } }));
      expectDigest(await connection.response(more.method), more.body);
    });
  };
}

const uploadsInChunks: Visitor = async (target, { number }) => {
  const body = bodyOf(number, 200 * KIB + (number % 7) * 1000);
  return await onConnection(target, async (connection) => {
    const headers = { 'Transfer-Encoding': 'chunked', Connection: 'close', Expect: '100-continue' };
    await connection.send(requestBytes('/', { method: 'POST', headers }));
    const interim = await connection.head();
    if (interim.status !== 100) {
      expectOk(interim.status);
      throw new Failure('wrong', 'answered before the body');
    }
    for (const piece of piecesOf(body, 7000)) {
      await connection.send(
        Buffer.concat([Buffer.from(`${piece.length.toString(16)}\r\n`), piece, Buffer.from('\r\n')]),
      );
    }
    await connection.send('0\r\n\r\n');
    expectDigest(await connection.response('POST'), body);
  });
};

const uploadsSlowly: Visitor = async (target, { number }) => {
  const body = bodyOf(number, 20 * KIB);
  return await onConnection(target, async (connection) => {
    for (const piece of piecesOf(requestBytes('/', { method: 'POST', body }), 1000)) {
      await connection.send(piece);
      await pause(40);
    }
    expectDigest(await connection.response('POST'), body);
  });
};

const pipelines: Visitor = async (target, { number }) => {
  const bodies = [1, 2, 3].map((each) => bodyOf(number, each * 50));
  return await onConnection(target, async (connection) => {
    await connection.send(Buffer.concat(bodies.map((body) => requestBytes('/', { method: 'POST', body }))));
    for (const body of bodies) expectDigest(await connection.response('POST'), body);
  });
};

/** More than the kernel buffers for a client that does not read, so that the rest waits in the server. */
const readsSlowly: Visitor = async (target) =>
  await onConnection(target, async (connection) => {
    await connection.send(requestBytes(bigBody.path));
    const head = await connection.head();
    expectOk(head.status);
    let got = 0;
    let rested = 0;
    await pause(700);
    const end = await connection.body(head, 'GET', async (bytes) => {
      got += bytes.length;
      if (got - rested < MIB) return;
      rested = got;
      await pause(100);
    });
    if (end === 'cut') throw new Failure('lost', `the response was cut after ${got} bytes`);
    if (got !== bigBody.bytes) throw new Failure('wrong', `${got} bytes`);
  });

const readsEvents: Visitor = async (target) =>
  await onConnection(target, async (connection) => {
    await connection.send(requestBytes('/events?count=40'));
    const response = await connection.response();
    expectOk(response.status);
    if (response.end === 'cut')
      throw new Failure('lost', `an event stream was cut after ${response.body.length} bytes`);
    const events = response.body.toString().split('\n\n').length - 1;
    if (events !== 40) throw new Failure('wrong', `${events} events`);
  });

const asksForTheHead: Visitor = async (target) =>
  await onConnection(target, async (connection) => {
    await connection.send(requestBytes('/', { method: 'HEAD', headers: { Connection: 'close' } }));
    const response = await connection.response('HEAD');
    expectOk(response.status);
    if (!(await connection.closesSilently())) throw new Failure('wrong', 'bytes after the head');
  });

function expectStatus(status: number, options: RequestOptions & { readonly path: string }): Visitor {
  const headers = { Connection: 'close', ...options.headers };
  return async (target) =>
    await onConnection(target, async (connection) => {
      await connection.send(requestBytes(options.path, { ...options, headers }));
      const response = await connection.response(options.method);
      if (response.status === status) return;
      expectOk(response.status);
      throw new Failure('wrong', 'answered 200');
    });
}

export const httpClients: readonly ClientKind[] = [
  { name: 'kept connection', count: 4, pauseMs: 25, open: keepsItsConnection },
  fresh(
    'new connection',
    2,
    30,
    ask((number) => ({ path: '/', method: 'POST', body: bodyOf(number, 300) })),
  ),
  fresh(
    'upload',
    1,
    400,
    ask((number) => ({ path: '/', method: 'POST', body: bodyOf(number, 700 * KIB) })),
  ),
  fresh('chunked upload', 1, 250, uploadsInChunks),
  fresh('slow upload', 1, 200, uploadsSlowly),
  fresh('pipelined', 1, 200, pipelines),
  fresh('slow reader', 2, 500, readsSlowly),
  fresh('event stream', 2, 200, readsEvents),
  fresh('HEAD', 1, 300, asksForTheHead),
  fresh('not found', 1, 300, expectStatus(404, { path: '/missing' })),
  fresh('exception', 1, 2000, expectStatus(500, { path: '/raise' })),
  fresh('bad request', 1, 700, expectStatus(400, { path: '/', headers: { 'Bad Name': 'x' } })),
];

export const hangingClients: readonly ClientKind[] = [
  fresh('hanging request', 1, hangPauseMs, expectStatus(504, { path: '/hang' })),
];
