// What becomes of a request whose file cannot be sent.

import type { Exchange } from '../exchange/exchange.ts';
import { Refusal } from '../http1/refusal.ts';

/** The last descriptors of the gateway are reserved for workers and spool files. */
export class NoDescriptorError extends Error {
  override readonly name = 'NoDescriptorError';
  readonly code = 'EMFILE';

  constructor() {
    super('Too many open files');
  }
}

const OVERLOAD_CODES: ReadonlySet<unknown> = new Set(['EMFILE', 'ENFILE', 'ENOMEM', 'EAGAIN']);

/** 503 if the machine lacks something, which may pass; 500 if the file cannot be read. A response that has begun is cut off. */
export function failUnread(exchange: Exchange, error: unknown): void {
  const isOverload = error instanceof Error && 'code' in error && OVERLOAD_CODES.has(error.code);
  if (isOverload) exchange.fail(new Refusal('ServiceUnavailable', 'too many open files'), 'overload');
  else exchange.fail(new Refusal('InternalServerError', 'a file cannot be read'), 'cut-off');
}

export function failChanged(exchange: Exchange): void {
  exchange.fail(new Refusal('InternalServerError', 'a file changed while it was sent'), 'cut-off');
}

/** For the log. */
export function requestOf({ request }: Exchange): string {
  return `${request.head.method} ${request.head.target}`;
}
