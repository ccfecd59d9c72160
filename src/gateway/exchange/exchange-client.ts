// The connection's side of an exchange: what the exchange may ask of it, and how it tells it that it has ended.

import type { Socket } from 'node:net';
import type { ResponseHeadLines } from '../http1/response/response-head-lines.ts';
import type { Tunnel } from '../upgraded/tunnel.ts';
import type { WebSocketConnection } from '../upgraded/web-socket-connection.ts';
import type { ChannelOutput } from './channel-output.ts';
import type { Exchange } from './exchange.ts';
import type { WatchedTicket } from './watched-ticket.ts';

/** How the exchange ended, for the connection. */
export type ExchangeEnd =
  /** The whole response was handed to the connection. */
  | 'answered'
  /** The response was cut off, so the connection cannot be used again. */
  | 'cut-off'
  /** A WebSocket or a tunnel, and with it the connection. */
  | 'closed'
  | 'client-gone';

export interface ExchangeClient {
  /** What the gateway adds to the head of a response. */
  readonly headLines: ResponseHeadLines;
  write(data: string | Buffer): void;
  /** Whether a response that starts now may say that the connection stays open. */
  mayKeepAlive(): boolean;
  /** Whether the client still waits for the answer, as far as one can tell. */
  awaitsAnswer(): boolean;
  /** Whether the client has not shut down its sending side. */
  maySendMore(): boolean;
  /** Whether the client's buffer is full; `resume` is called when it is not any more. */
  holdsBack(resume: () => void): boolean;
  /** The application accepts the WebSocket, with this head. Null when the client has just left. */
  acceptWebSocket(exchange: Exchange, ticket: WatchedTicket, head: string): WebSocketConnection | null;
  /** The connection becomes a tunnel to this channel. */
  openTunnel(exchange: Exchange, channel: Socket, toWorker: ChannelOutput): Tunnel | null;
  exchangeEnded(exchange: Exchange, end: ExchangeEnd): void;
}
