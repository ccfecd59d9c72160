// The form of the grid's checks, and their building blocks.

import assert from 'node:assert/strict';
import { field, fields, HttpConnection, type HttpResponse } from '../harness/clients/http-connection.ts';
import { type RequestOptions, request, requestBytes } from '../harness/clients/http-request.ts';
import type { Server } from '../harness/server.ts';

export interface Check {
  readonly name: string;
  /** The request and the expected result, for the page. */
  readonly says: string;
  readonly run: (server: Server) => Promise<void>;
}

export interface Seen {
  readonly status?: number;
  readonly text?: string | RegExp;
  readonly json?: unknown;
  readonly type?: RegExp;
}

/** A check of one request and its response. */
export function asks(name: string, says: string, path: string, options: RequestOptions, seen: Seen): Check {
  const run = async ({ target }: Server): Promise<void> => {
    looksLike(await request(target, path, options), seen);
  };
  return { name, says, run };
}

export function looksLike(response: HttpResponse, { status = 200, text, json, type }: Seen): void {
  const body = response.body.toString();
  assert.equal(response.status, status, body.slice(0, 500));
  assert.equal(response.end, 'complete');
  if (typeof text === 'string') assert.equal(body, text);
  else if (text !== undefined) assert.match(body, text);
  if (json !== undefined) assert.deepEqual(JSON.parse(body), json);
  if (type !== undefined) assert.match(field(response, 'Content-Type') ?? '', type);
}

/** The cookies that a browser would send back; newer ones replace older ones. */
export function cookiesAfter(before: string, response: HttpResponse): string {
  const jar = new Map(
    before
      .split('; ')
      .filter((pair) => pair !== '')
      .map((pair) => [pair.split('=')[0], pair]),
  );
  for (const cookie of fields(response, 'Set-Cookie')) jar.set(cookie.split('=')[0], cookie.split(';')[0] ?? '');
  return [...jar.values()].join('; ');
}

/** The chunks of a streamed response. */
export async function chunksOf(server: Server, path: string, type = /^text\/plain/): Promise<string[]> {
  const connection = await HttpConnection.open(server.target);
  try {
    await connection.send(requestBytes(path));
    const head = await connection.head();
    assert.equal(head.status, 200);
    assert.match(field(head, 'Content-Type') ?? '', type);
    assert.equal(field(head, 'Transfer-Encoding'), 'chunked');
    const pieces: string[] = [];
    for (let chunk = await connection.chunk(); chunk !== undefined; chunk = await connection.chunk()) {
      pieces.push(chunk.toString());
    }
    return pieces;
  } finally {
    connection.close();
  }
}
