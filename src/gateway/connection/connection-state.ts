// The states of a client's connection, and which may follow which.

import type { Exchange } from '../exchange/exchange.ts';
import type { Tunnel } from '../upgraded/tunnel.ts';
import type { WebSocketConnection } from '../upgraded/web-socket-connection.ts';

export type ConnectionState =
  /** Waiting for a request, or reading one; request-reader.ts knows how far it is. `ended`: only bytes that have arrived already. */
  | { readonly kind: 'reading'; readonly client: 'sending' | 'ended' }
  | { readonly kind: 'in-service'; readonly exchange: Exchange; readonly client: ClientSide }
  /** No longer HTTP: a WebSocket or a tunnel. */
  | {
      readonly kind: 'taken-over';
      readonly exchange: Exchange;
      readonly by: WebSocketConnection | Tunnel;
      readonly client: ClientSide;
    }
  /** The last response is in the spool file, which empties as the client reads. */
  | { readonly kind: 'flushing' }
  /** The last response is on its way; further bytes from the client are read and discarded (RFC 9112 section 9.6). */
  | { readonly kind: 'lingering'; readonly sinceMs: number }
  | { readonly kind: 'closed' };

type ClientSide =
  | 'sending'
  /** The client has half-closed, and waits for its answers. */
  | 'ended'
  /** The client has half-closed in a way that means that it has closed its socket. */
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

/** Whether the client still waits for the answers that it is owed, as far as one can tell. */
export function awaitsAnswer(state: ConnectionState): boolean {
  return state.kind !== 'closed' && clientSide(state) !== 'gone';
}

/** Whether the client has not half-closed. */
export function maySendMore(state: ConnectionState): boolean {
  return clientSide(state) === 'sending';
}

/** Null in states where it no longer matters. */
export function clientSide(state: ConnectionState): ClientSide | null {
  return state.kind === 'in-service' || state.kind === 'reading' || state.kind === 'taken-over' ? state.client : null;
}
