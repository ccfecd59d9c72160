// The parts of a connection, and the view that each part has of it. Only the connection changes its state.

import type { Socket } from 'node:net';
import type { Exchange } from '../exchange/exchange.ts';
import type { ExchangeEnd } from '../exchange/exchange-life.ts';
import type { RequestReader } from '../request/request-reader.ts';
import type { Tunnel } from '../upgraded/tunnel.ts';
import type { WebSocketConnection } from '../upgraded/web-socket-connection.ts';
import type { ClientOutput } from './client-output.ts';
import type { ConnectionOwner, ServingConnection } from './connection-owner.ts';
import type { ConnectionState } from './connection-state.ts';
import type { InputGate } from './input-gate.ts';

export interface ConnectionParts {
  readonly socket: Socket;
  readonly owner: ConnectionOwner;
  readonly reader: RequestReader;
  readonly input: InputGate;
  readonly output: ClientOutput;
}

/** The connection, as request-intake.ts sees it. */
export interface IntakeConnection extends ServingConnection {
  readonly state: ConnectionState;
  /** Restarts the time within which the client has to continue. */
  progressed(): void;
  beginService(exchange: Exchange): void;
  /** Nothing more is owed: close gracefully. */
  leave(): void;
}

/** The connection, as exchange-side.ts sees it. */
export interface ExchangeConnection {
  readonly state: ConnectionState;
  /** The connection stops listening to the socket's input. */
  letGo(): void;
  takeOver(exchange: Exchange, by: WebSocketConnection | Tunnel): void;
  /** `isReusable`: the connection can serve another request. */
  exchangeEnded(exchange: Exchange, end: ExchangeEnd, isReusable: boolean): void;
}

/** The connection, as connection-end.ts sees it. */
export interface EndingConnection {
  readonly state: ConnectionState;
  /** Whether anything is owed to the client: a request is being read, run or answered. */
  readonly isBusy: boolean;
  /** When the present state began, or last made progress. */
  readonly waitingSinceMs: number;
  enter(state: ConnectionState): void;
}
