// A WebSocket between a client and a worker: messages go both ways, each side no faster than the other takes them, and whichever ends
// it the other is told why. The connection makes it when the application has accepted; `ws` does the protocol.

import type { Socket } from 'node:net';
import type { RawData, WebSocket } from 'ws';
import type { Exchange } from './exchange.ts';
import { nextPing, type PingSettings, type PingState } from './ping-schedule.ts';
import type { TakenOver } from './taken-over.ts';
import type { WatchedTicket } from './watched-ticket.ts';
import { completeHandshake, type WebSocketLimits } from './web-socket-handshake.ts';

const NO_CODE = 1005;
const LOST = 1006;
const INTERNAL_ERROR = 1011;
const SERVICE_RESTART = 1012;
const NO_REASON = Buffer.alloc(0);

/** What `ws` closes with when the client breaks a rule. */
const FAULT_CODES: Readonly<Record<string, number>> = {
  WS_ERR_UNSUPPORTED_MESSAGE_LENGTH: 1009,
  WS_ERR_INVALID_UTF8: 1007,
  WS_ERR_TOO_MANY_BUFFERED_PARTS: 1008,
};
const PROTOCOL_ERROR = 1002;

/** However short the time is: for the client to answer the close frame. */
const GOODBYE_MS = 250;

/** With more than this unsent, the worker is held back. */
const BUFFER_BYTES = 256 * 1024;

export class WebSocketConnection implements TakenOver {
  readonly kind = 'websocket';
  readonly #webSocket: WebSocket;
  readonly #exchange: Exchange;
  readonly #ticket: WatchedTicket;
  readonly #pings: PingSettings;
  readonly #bytesRead: () => number;
  #ping: PingState;
  #heardBytes = 0;
  #resume: (() => void) | null = null;
  #retiring: NodeJS.Timeout | null = null;
  readonly #sent = (): void => this.drained();

  private constructor(
    webSocket: WebSocket,
    exchange: Exchange,
    ticket: WatchedTicket,
    pings: PingSettings,
    bytesRead: () => number,
    nowMs: number,
  ) {
    this.#webSocket = webSocket;
    this.#exchange = exchange;
    this.#ticket = ticket;
    this.#pings = pings;
    this.#bytesRead = bytesRead;
    this.#ping = { kind: 'heard', sinceMs: nowMs };
    ticket.onRoom = () => webSocket.resume();
    webSocket.on('message', (data, isBinary) => this.#received(data, isBinary));
    webSocket.on('error', (error) => this.#broken(error));
    webSocket.on('close', (code, reason) => this.#ended(code, reason));
  }

  /** Null when the client has just left. `answer` is the worker's head, `early` what has come behind the handshake. */
  static accept(
    socket: Socket,
    exchange: Exchange,
    ticket: WatchedTicket,
    answer: string,
    early: Buffer,
    limits: WebSocketLimits,
  ): WebSocketConnection | null {
    const webSocket = completeHandshake(socket, exchange.head.headerFields, answer, early, limits);
    if (webSocket === null) return null;
    return new WebSocketConnection(webSocket, exchange, ticket, limits, () => socket.bytesRead, performance.now());
  }

  /** A piece of a message from the worker. */
  send(piece: Buffer, isText: boolean, isLast: boolean): void {
    if (this.#webSocket.readyState !== this.#webSocket.OPEN) return;
    this.#exchange.sentBytes += piece.length;
    this.#webSocket.send(piece, { binary: !isText, fin: isLast }, this.#sent);
  }

  /** The worker's last word. */
  close(code: number, reason: Buffer): void {
    if (code === LOST) this.#webSocket.terminate();
    else if (code === NO_CODE) this.#close();
    else if (isSendable(code)) this.#close(code, reason);
    else this.#close(INTERNAL_ERROR);
  }

  get generation(): number {
    return this.#exchange.pipe?.generation ?? 0;
  }

  holdsBack(resume: () => void): boolean {
    if (this.#webSocket.readyState !== this.#webSocket.OPEN || this.#webSocket.bufferedAmount <= BUFFER_BYTES)
      return false;
    this.#resume = resume;
    return true;
  }

  drained(): void {
    if (this.#resume === null || this.#webSocket.bufferedAmount > BUFFER_BYTES / 2) return;
    this.#release();
  }

  /** The worker is gone. */
  lost(): void {
    this.#close(this.#retiring === null ? INTERNAL_ERROR : SERVICE_RESTART);
  }

  retire(delayMs: number, limitMs: number): void {
    if (this.#retiring !== null && delayMs > 0) return;
    if (this.#retiring !== null) clearTimeout(this.#retiring);
    this.#retiring = setTimeout(() => this.#restart(limitMs - delayMs), delayMs);
  }

  checkTime(nowMs: number): void {
    const bytesRead = this.#bytesRead();
    // While it is not read, nothing can be heard from it.
    if (bytesRead !== this.#heardBytes || this.#webSocket.isPaused) {
      this.#heardBytes = bytesRead;
      this.#ping = { kind: 'heard', sinceMs: nowMs };
    }
    if (this.#webSocket.readyState !== this.#webSocket.OPEN) return;
    const next = nextPing(this.#pings, this.#ping, nowMs);
    if (next === 'give-up') this.#webSocket.terminate();
    if (next !== 'ping') return;
    this.#ping = { kind: 'asked', sinceMs: nowMs };
    this.#webSocket.ping();
  }

  /** `ws` sees it too, when it has looked at what was read last. */
  closed(): void {}

  #received(data: RawData, isBinary: boolean): void {
    if (!Buffer.isBuffer(data)) return;
    this.#exchange.requestBytes += data.length;
    this.#ticket.message(data, !isBinary);
    if (this.#ticket.isFull) this.#webSocket.pause();
  }

  #broken(error: Error): void {
    const code = 'code' in error && typeof error.code === 'string' ? error.code : '';
    this.#tell(FAULT_CODES[code] ?? (code.startsWith('WS_ERR_') ? PROTOCOL_ERROR : LOST), NO_REASON);
  }

  #restart(leftMs: number): void {
    // Its client may not answer.
    this.#retiring = setTimeout(() => this.#webSocket.terminate(), Math.max(leftMs, GOODBYE_MS));
    this.#exchange.why = 'shutting-down';
    this.#tell(SERVICE_RESTART, NO_REASON);
    this.#close(SERVICE_RESTART);
  }

  /** A client that is not read would not be heard to answer. */
  #close(code?: number, reason: Buffer = NO_REASON): void {
    this.#webSocket.close(code, reason);
    this.#webSocket.resume();
    this.#release();
  }

  #tell(code: number, reason: Buffer): void {
    this.#ticket.closed(code, reason);
    this.#release();
  }

  #release(): void {
    const resume = this.#resume;
    this.#resume = null;
    resume?.();
  }

  #ended(code: number, reason: Buffer): void {
    if (this.#retiring !== null) clearTimeout(this.#retiring);
    this.#tell(code, reason);
    if (code === LOST && this.#exchange.why === 'answered') this.#exchange.why = 'client-gone';
    this.#exchange.closed();
  }
}

/** RFC 6455 section 7.4: what may stand in a close frame. */
function isSendable(code: number): boolean {
  if (code >= 3000 && code <= 4999) return true;
  return code >= 1000 && code <= 1014 && code !== 1004 && code !== NO_CODE && code !== LOST;
}
