// The states of a client's connection, and which may follow which. Machine: client-connection.ts.

import type { Exchange } from '../exchange/exchange.ts';
import type { Tunnel } from '../upgraded/tunnel.ts';
import type { WebSocketConnection } from '../upgraded/web-socket-connection.ts';

export type ConnectionState =
  /** A request comes, or may come; how far it has come is known to request-reader.ts. `ended`: only what has come already. */
  | { readonly kind: 'reading'; readonly client: 'sending' | 'ended' }
  | { readonly kind: 'in-service'; readonly exchange: Exchange; readonly client: ClientSide }
  /** HTTP is over here: a WebSocket or a tunnel. */
  | {
      readonly kind: 'taken-over';
      readonly exchange: Exchange;
      readonly by: WebSocketConnection | Tunnel;
      readonly client: ClientSide;
    }
  /** The last response is in the spool file, and leaves it as the client reads. */
  | { readonly kind: 'flushing' }
  /** The last response is on its way; what the client still sends is read and thrown away (RFC 9112 section 9.6). */
  | { readonly kind: 'lingering'; readonly sinceMs: number }
  | { readonly kind: 'closed' };

type ClientSide =
  | 'sending'
  /** The client has shut down its sending side, and waits for its answers. */
  | 'ended'
  /** The client has shut down its sending side in a way that means that it has closed its socket. */
  | 'gone';

export const READING: ConnectionState = { kind: 'reading', client: 'sending' };
export const READING_THE_REST: ConnectionState = { kind: 'reading', client: 'ended' };
export const FLUSHING: ConnectionState = { kind: 'flushing' };
export const CLOSED: ConnectionState = { kind: 'closed' };

export function mayFollow(state: ConnectionState, next: ConnectionState): boolean {
  switch (next.kind) {
    case 'reading':
      return state.kind === 'in-service';
    case 'in-service':
      return state.kind === 'reading' || state.kind === 'in-service';
    case 'taken-over':
      return state.kind === 'in-service' || state.kind === 'taken-over';
    case 'flushing':
      return state.kind === 'reading' || state.kind === 'in-service';
    case 'lingering':
      return state.kind === 'reading' || state.kind === 'in-service' || state.kind === 'flushing';
    case 'closed':
      return state.kind !== 'closed';
  }
}

/** Whether the client still waits for what the connection owes it, as far as one can tell. */
export function awaitsAnswer(state: ConnectionState): boolean {
  return state.kind !== 'closed' && clientSide(state) !== 'gone';
}

/** Whether the client has not shut down its sending side. */
export function maySendMore(state: ConnectionState): boolean {
  return clientSide(state) === 'sending';
}

/** Null where nothing depends on it any more. */
export function clientSide(state: ConnectionState): ClientSide | null {
  return state.kind === 'in-service' || state.kind === 'reading' || state.kind === 'taken-over' ? state.client : null;
}
