// How far a client's request has been read. Machine: request-reader.ts.

import type { RequestHead } from '../http1/head/request-head.ts';
import type { BufferedBody } from './buffered-body.ts';
import type { StreamedBody } from './streamed-body.ts';

export type ReadingStage =
  /** The first byte of the next request has not come. */
  | { readonly kind: 'idle' }
  | { readonly kind: 'head' }
  | { readonly kind: 'body'; readonly head: RequestHead; readonly body: BufferedBody; readonly sinceMs: number }
  /** For an ASGI application: bytes that came with the head are looked at; if they are not the whole body, it is streamed. */
  | { readonly kind: 'streamed-body'; readonly head: RequestHead; readonly body: StreamedBody };
