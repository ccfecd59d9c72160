// A connection as its exchanges see it: they write their responses to it, ask whether the client is still there, and may take it over.

import type { Socket } from 'node:net';
import type { ResponseHead } from '../../runqueue/channel-decoder.ts';
import type { ChannelOutput } from '../exchange/channel-output.ts';
import type { Exchange, ExchangeClient } from '../exchange/exchange.ts';
import type { ExchangeEnd } from '../exchange/exchange-life.ts';
import type { WatchedTicket } from '../exchange/watched-ticket.ts';
import { type Http1Output, Http1Response } from '../http1/response/http1-response.ts';
import type { ResponseHeadLines } from '../http1/response/response-head-lines.ts';
import { requestIdLine } from '../ticket/request-id.ts';
import { Tunnel, tunnelClient } from '../upgraded/tunnel.ts';
import { WebSocketConnection } from '../upgraded/web-socket-connection.ts';
import type { ConnectionParts, ExchangeConnection } from './connection-parts.ts';
import { awaitsAnswer, clientSide, maySendMore } from './connection-state.ts';

export class ExchangeSide implements ExchangeClient, Http1Output {
  readonly response: Http1Response = new Http1Response(this);
  readonly #parts: ConnectionParts;
  readonly #connection: ExchangeConnection;

  constructor(parts: ConnectionParts, connection: ExchangeConnection) {
    this.#parts = parts;
    this.#connection = connection;
  }

  // Http1Output

  get headLines(): ResponseHeadLines {
    return this.#parts.owner.http().headLines;
  }

  write(data: string | Buffer): void {
    const { output, reader } = this.#parts;
    output.write(data, reader.http);
  }

  mayKeepAlive(): boolean {
    const { reader, owner } = this.#parts;
    return reader.http.keepaliveMs > 0 && !owner.isDraining() && reader.mayGoOn && this.#mayAsk;
  }

  /** Another request may arrive, or has arrived: one that was sent before a half-close is served like any other. */
  get #mayAsk(): boolean {
    const client = clientSide(this.#connection.state);
    return client === 'sending' || (client === 'ended' && this.#parts.reader.keptBytes > 0);
  }

  // ExchangeClient

  awaitsAnswer(): boolean {
    return awaitsAnswer(this.#connection.state);
  }

  maySendMore(): boolean {
    return maySendMore(this.#connection.state);
  }

  holdsBack(resume: () => void): boolean {
    const { output, reader } = this.#parts;
    const { state } = this.#connection;
    return state.kind === 'taken-over' ? state.by.holdsBack(resume) : output.holdsBack(reader.http, resume);
  }

  isSocketFull(resume: () => void): boolean {
    return this.#parts.output.isSocketFull(resume);
  }

  hasSentAll(): boolean {
    return this.#parts.output.isEmpty;
  }

  acceptWebSocket(exchange: Exchange, ticket: WatchedTicket, head: string): WebSocketConnection | null {
    const { socket, reader, owner } = this.#parts;
    this.#connection.letGo();
    const by = WebSocketConnection.accept({
      socket,
      exchange,
      ticket,
      lines: head + requestIdLine(exchange.request.requestId ?? '', head),
      early: reader.takeKept(),
      limits: reader.http,
      budget: owner.budget,
      limitReached: (limit) => owner.limitReached(limit),
    });
    if (by === null) socket.destroy();
    else this.#connection.takeOver(exchange, by);
    return by;
  }

  openTunnel(exchange: Exchange, channel: Socket, toWorker: ChannelOutput): Tunnel {
    const { socket, input, output, reader } = this.#parts;
    const client = tunnelClient(socket, input, output);
    const by = new Tunnel({ exchange, client, channel, toWorker, pings: reader.http });
    this.#connection.takeOver(exchange, by);
    by.fromClient(reader.takeKept());
    if (!this.maySendMore()) by.clientEnded();
    return by;
  }

  sendsFile(exchange: Exchange, head: ResponseHead, workerPid: number): boolean {
    return this.#parts.owner.sendsFile(exchange, head, workerPid);
  }

  exchangeEnded(exchange: Exchange, end: ExchangeEnd): void {
    this.#connection.exchangeEnded(exchange, end, this.response.keepsAlive);
  }

  illegalMove(what: string): void {
    this.#parts.owner.illegalMove(what);
  }
}
