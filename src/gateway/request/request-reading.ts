// How far a client's request has been read, and what its reader needs of the connection. Machine: request-reader.ts.

import type { RequestEnd } from '../../log/access-record.ts';
import type { ListenerAddress } from '../../messages/between-arbiter-and-gateway.ts';
import type { ProxyHeaderReader } from '../accept/proxy-protocol.ts';
import type { ConnectionOwner } from '../connection/connection-state.ts';
import type { BodyReader } from '../http1/body/body-progress.ts';
import type { RequestHead } from '../http1/head/request-head.ts';
import type { Refusal } from '../http1/refusal.ts';
import type { RequestBody } from '../ticket/request-fields.ts';
import type { BodyStore } from './body-store.ts';
import type { StreamedBody } from './streamed-body.ts';

export type ReadingStage =
  /** Where proxy_protocol is on: a new connection, of which it is not known yet whether a PROXY header comes first. */
  | { readonly kind: 'proxy-header'; readonly reader: ProxyHeaderReader }
  /** The first byte of the next request has not come. */
  | { readonly kind: 'idle' }
  | { readonly kind: 'head' }
  | {
      readonly kind: 'body';
      readonly head: RequestHead;
      readonly reader: BodyReader;
      readonly store: BodyStore;
      readonly sinceMs: number;
    }
  /** For an ASGI application: what has come with the head is being looked at; if it is not the whole body, it is streamed. */
  | { readonly kind: 'streamed-body'; readonly head: RequestHead; readonly stream: StreamedBody };

/** The gateway's share. */
export type ReadingOwner = Pick<ConnectionOwner, 'http' | 'spoolDir' | 'budget' | 'spoolBudget'>;

/** The connection, as its reader sees it. */
export interface ReadingClient {
  readonly listener: ListenerAddress;
  /** Whether there may be a request now: none is in service, and the connection is not being closed. */
  readonly isReading: boolean;
  /** Requests that have ended. */
  readonly served: number;
  /** From now on the time counts in which the client has to go on. */
  progressed(): void;
  serve(head: RequestHead, body: RequestBody): void;
  /** The client is told, and leaves. `known` is the head of what is refused, or its text. */
  refuse(refusal: Refusal, end?: RequestEnd, known?: RequestHead | string): void;
  /** Behind the request that is in service. */
  keepAhead(bytes: Buffer): void;
  sendContinue(): void;
  pauseReading(): void;
  resumeReading(): void;
}
