// The states of a client's connection, and what it needs of the gateway. Machine: client-connection.ts.

import type { Exchange } from '../exchange/exchange.ts';
import type { HttpSettings } from '../http-settings.ts';
import type { Refusal } from '../http1/refusal.ts';
import type { UnservedRequest } from '../report/access-records.ts';
import type { Tunnel } from '../upgraded/tunnel.ts';
import type { Upgraded } from '../upgraded/upgraded.ts';
import type { WebSocketConnection } from '../upgraded/web-socket-connection.ts';
import type { ClientConnection } from './client-connection.ts';
import type { MemoryBudget } from './memory-budget.ts';
import type { SpoolBudget } from './spool-budget.ts';

export type ConnectionState =
  /** A request comes, or may come; how far it has come is known to request-reader.ts. */
  | { readonly kind: 'reading' }
  | { readonly kind: 'in-service'; readonly exchange: Exchange }
  /** HTTP is over here: a WebSocket or a tunnel. */
  | { readonly kind: 'taken-over'; readonly exchange: Exchange; readonly by: WebSocketConnection | Tunnel }
  /** The last response is in the spool file, and leaves it as the client reads. */
  | { readonly kind: 'flushing' }
  /** The last response is on its way; what the client still sends is read and thrown away (RFC 9112 section 9.6). */
  | { readonly kind: 'lingering'; readonly sinceMs: number }
  | { readonly kind: 'closed' };

/** What a connection needs of the gateway. */
export interface ConnectionOwner {
  http(): HttpSettings;
  readonly spoolDir: string;
  readonly budget: MemoryBudget;
  readonly spoolBudget: SpoolBudget;
  isDraining(): boolean;
  admit(exchange: Exchange): void;
  abandoned(exchange: Exchange): void;
  /** The client has stopped sending, and most likely has left. */
  clientLeft(exchange: Exchange): void;
  ended(exchange: Exchange, connection: ClientConnection): void;
  /** The connection has become a WebSocket or a tunnel. */
  takenOver(exchange: Exchange, by: Upgraded): void;
  refused(refusal: Refusal, connection: ClientConnection): void;
  /** A request that was never admitted has ended. */
  unserved(request: UnservedRequest): void;
  connectionClosed(connection: ClientConnection): void;
  /** A state was asked for a move that it does not have. */
  illegalMove(what: string): void;
}
