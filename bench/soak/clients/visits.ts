// The parts of clients' visits.

import { createHash } from 'node:crypto';
import { HttpConnection, type HttpResponse, type Target } from '../../../test/harness/clients/http-connection.ts';
import { type ClientKind, Failure, type Visitor } from './traffic.ts';

export const KIB = 1024;
export const MIB = 1024 * KIB;

/** More than the kernel buffers for a client that does not read, so that the rest waits in the server. */
export const bigBody = { path: '/big?mib=12', bytes: 12 * MIB } as const;

/** The client opens a connection at each visit. */
export function fresh(name: string, count: number, pauseMs: number, visit: Visitor): ClientKind {
  return { name, count, pauseMs, open: () => ({ visit }) };
}

export async function onConnection(
  target: Target,
  use: (connection: HttpConnection) => Promise<void>,
): Promise<'right'> {
  const connection = await HttpConnection.open(target);
  try {
    await use(connection);
  } finally {
    connection.close();
  }
  return 'right';
}

export function expectDigest(response: HttpResponse, body: Buffer): void {
  expectOk(response.status);
  if (response.end === 'cut') throw new Failure('lost', 'the response was cut');
  const expected = `${body.length} ${createHash('sha256').update(body).digest('hex')}`;
  const got = response.body.toString('latin1');
  if (got !== expected) throw new Failure('wrong', `got ${got.slice(0, 100)} in place of ${expected}`);
}

export function expectOk(status: number): void {
  if (status !== 200) throw new Failure(status === 502 ? 'bad gateway' : 'wrong', `answered ${status}`);
}

/** Unique for each visit of a client. */
export function bodyOf(number: number, bytes: number): Buffer {
  return Buffer.alloc(bytes, `${number} and on and on; `);
}

export function* piecesOf(bytes: Buffer, size: number): Iterable<Buffer> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}
