// How far a client's request has been read.

import type { RequestHead } from '../http1/head/request-head.ts';
import type { BufferedBody } from './buffered-body.ts';
import type { StreamedBody } from './streamed-body.ts';

export type ReadingStage =
  /** No byte of the next request has arrived. */
  | { readonly kind: 'idle' }
  | { readonly kind: 'head' }
  | { readonly kind: 'body'; readonly head: RequestHead; readonly body: BufferedBody; readonly sinceMs: number }
  /** For an ASGI application: first the bytes that came with the head are examined; if they are not the whole body, it is streamed. */
  | { readonly kind: 'streamed-body'; readonly head: RequestHead; readonly body: StreamedBody };
