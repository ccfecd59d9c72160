// POST requests whose bodies are unique, so that the response to another request is recognised as wrong.

import { createHash } from 'node:crypto';
import type { HttpResponse } from './http-connection.ts';

const BODY_BYTES = 16 * 1024;

export function uniquePost(id: string): {
  path: string;
  method: string;
  headers: Record<string, string>;
  body: Buffer;
} {
  return { path: '/', method: 'POST', headers: { 'X-Id': id }, body: uniqueBody(id) };
}

/** The fault of a response from an application that echoes the body. */
export function echoFault({ body }: HttpResponse, id: string): string | undefined {
  return body.equals(uniqueBody(id)) ? undefined : `got ${body.length} bytes: ${body.toString('latin1', 0, 40)}`;
}

/** The fault of a response from an application that answers with the X-Id and the body's SHA-256. */
export function hashFault({ body }: HttpResponse, id: string): string | undefined {
  const expected = `${id} ${createHash('sha256').update(uniqueBody(id)).digest('hex')}`;
  const got = body.toString();
  return got === expected ? undefined : `got ${got}`;
}

function uniqueBody(id: string): Buffer {
  return Buffer.alloc(BODY_BYTES, `${id} and on and on; `);
}
