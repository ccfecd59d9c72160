// A WebSocket between a client and a worker: messages in both directions, with backpressure; when either side ends it, the other gets the
// reason. `ws` implements the protocol.

import type { Socket } from 'node:net';
import type { RawData, WebSocket } from 'ws';
import { MESSAGE_COST_BYTES } from '../../runqueue/channel-frame.ts';
import type { Limit } from '../../telemetry/snapshot/gateway-report.ts';
import { InputGate, isFullRead } from '../connection/input-gate.ts';
import type { MemoryBudget } from '../connection/memory-budget.ts';
import type { Exchange } from '../exchange/exchange.ts';
import type { WatchedTicket } from '../exchange/watched-ticket.ts';
import { nextPing, type PingSettings, type PingState } from './ping-schedule.ts';
import { ReceivedFrames } from './unfinished-message.ts';
import type { UpgradedWebSocket } from './upgraded.ts';
import { completeHandshake, type WebSocketLimits } from './web-socket-handshake.ts';

const NO_CODE = 1005;
const LOST = 1006;
const INTERNAL_ERROR = 1011;
const SERVICE_RESTART = 1012;
/** IANA's registry of close codes: the server is overloaded. */
const TRY_AGAIN_LATER = 1013;
const NO_REASON = Buffer.alloc(0);

/** The close codes that `ws` uses when the client breaks a rule. */
const FAULT_CODES: Readonly<Record<string, number>> = {
  WS_ERR_UNSUPPORTED_MESSAGE_LENGTH: 1009,
  WS_ERR_INVALID_UTF8: 1007,
  WS_ERR_TOO_MANY_BUFFERED_PARTS: 1008,
};
const TOO_LARGE = 'WS_ERR_UNSUPPORTED_MESSAGE_LENGTH';
const PROTOCOL_ERROR = 1002;

/** The client gets at least this long to answer the close frame. */
const GOODBYE_MS = 250;

/** With more than this unsent, the worker has to wait. */
const BUFFER_BYTES = 256 * 1024;
/** What a client may send in one message once gateway_memory is spent. */
const SHARE_BYTES = 64 * 1024;
/** With more unsent pongs than this, only the latest ping is answered (RFC 6455 section 5.5.3). */
const PONGS = 32;

export interface WebSocketParts {
  readonly socket: Socket;
  readonly exchange: Exchange;
  readonly ticket: WatchedTicket;
  /** The header lines of the worker's head. */
  readonly lines: string;
  /** The bytes that the client sent after the handshake. */
  readonly early: Buffer;
  readonly limits: WebSocketLimits;
  readonly budget: MemoryBudget;
  /** For the metrics: a limit closes it. */
  readonly limitReached: (limit: Limit) => void;
}

export class WebSocketConnection implements UpgradedWebSocket {
  readonly kind = 'websocket';
  #receivedBytes = 0;
  #sentBytes = 0;
  readonly #webSocket: WebSocket;
  readonly #exchange: Exchange;
  readonly #ticket: WatchedTicket;
  readonly #pings: PingSettings;
  readonly #socket: Socket;
  readonly #input: InputGate;
  readonly #budget: MemoryBudget;
  readonly #limitReached: (limit: Limit) => void;
  readonly #frames: ReceivedFrames = new ReceivedFrames();
  /** Messages that `ws` has assembled, and how much the client had sent when `ws` last held no unfinished one. */
  #messages = 0;
  #assembledBytes = 0;
  /** The bytes charged to the budget. */
  #accountedBytes = 0;
  #unsentMessages = 0;
  #unsentPongs = 0;
  #lastPing: Buffer | null = null;
  /** Overloaded: it needs more memory than there is, and is being closed. */
  #isOverloaded = false;
  #ping: PingState;
  #heardBytes = 0;
  #resume: (() => void) | null = null;
  #closeTimer: NodeJS.Timeout | null = null;
  readonly #sent = (): void => {
    this.#unsentMessages -= 1;
    this.clientHasRoom();
  };

  private constructor(webSocket: WebSocket, parts: WebSocketParts, nowMs: number) {
    const { socket, exchange, ticket, limits, budget } = parts;
    this.#webSocket = webSocket;
    this.#exchange = exchange;
    this.#ticket = ticket;
    this.#pings = limits;
    this.#socket = socket;
    this.#input = new InputGate(webSocket);
    this.#budget = budget;
    this.#limitReached = parts.limitReached;
    this.#ping = { kind: 'heard', sinceMs: nowMs };
    this.#assembledBytes = socket.bytesRead;
    ticket.onRoom = () => this.#input.release('messages');
    // `ws` has registered its handler first: it has already processed the chunk.
    socket.on('data', (chunk: Buffer) => this.#haveRead(chunk));
    webSocket.on('ping', (data) => this.#pinged(data));
    webSocket.on('message', (data, isBinary) => this.#received(data, isBinary));
    webSocket.on('error', (error) => this.#broken(error));
    webSocket.on('close', (code, reason) => this.#ended(code, reason));
  }

  /** Null when the client has just left. */
  static accept(parts: WebSocketParts): WebSocketConnection | null {
    const { socket, exchange, lines, early, limits } = parts;
    const webSocket = completeHandshake(socket, exchange.request.head.headerFields, { lines, early }, limits);
    return webSocket === null ? null : new WebSocketConnection(webSocket, parts, performance.now());
  }

  send(piece: Buffer, isText: boolean, isLast: boolean): void {
    if (this.#webSocket.readyState !== this.#webSocket.OPEN) return;
    this.#sentBytes += piece.length;
    this.#unsentMessages += 1;
    this.#webSocket.send(piece, { binary: !isText, fin: isLast }, this.#sent);
    this.#account();
  }

  close(code: number, reason: Buffer): void {
    if (code === LOST) this.#webSocket.terminate();
    else if (code === NO_CODE) this.#close();
    else if (isSendable(code)) this.#close(code, reason);
    else this.#close(INTERNAL_ERROR);
  }

  get receivedBytes(): number {
    return this.#receivedBytes;
  }

  get sentBytes(): number {
    return this.#sentBytes;
  }

  get generation(): number {
    return this.#exchange.ticket?.pipe.generation ?? 0;
  }

  holdsBack(resume: () => void): boolean {
    if (this.#webSocket.readyState !== this.#webSocket.OPEN || this.#hasRoom(BUFFER_BYTES)) return false;
    this.#resume = resume;
    return true;
  }

  clientHasRoom(): void {
    this.#account();
    if (this.#resume !== null && this.#hasRoom(BUFFER_BYTES / 2)) this.#release();
  }

  #hasRoom(limitBytes: number): boolean {
    const { unsentBytes } = this;
    return unsentBytes === 0 || (unsentBytes <= limitBytes && !this.#budget.isSpent);
  }

  /** The bytes that the client has not read, with the overhead of each message. */
  get unsentBytes(): number {
    return this.#webSocket.bufferedAmount + this.#unsentMessages * MESSAGE_COST_BYTES;
  }

  workerLost(): void {
    this.#close(this.#closeTimer === null ? INTERNAL_ERROR : SERVICE_RESTART);
  }

  closeWithin(delayMs: number, limitMs: number): void {
    if (this.#closeTimer !== null && delayMs > 0) return;
    if (this.#closeTimer !== null) clearTimeout(this.#closeTimer);
    this.#closeTimer = setTimeout(() => this.#restart(limitMs - delayMs), delayMs);
  }

  checkTime(nowMs: number): void {
    this.#account();
    const { bytesRead } = this.#socket;
    if (bytesRead !== this.#heardBytes) {
      this.#heardBytes = bytesRead;
      this.#ping = { kind: 'heard', sinceMs: nowMs };
    }
    if (this.#webSocket.readyState !== this.#webSocket.OPEN) return;
    const next = nextPing(this.#pings, this.#ping, nowMs, this.#input.holds('messages'));
    if (next === 'give-up') {
      this.#limitReached('websocket_ping_timeout');
      this.#webSocket.terminate();
    }
    if (next === 'ping') {
      this.#ping = { kind: 'asked', sinceMs: nowMs };
      this.#webSocket.ping();
    } else if (next === 'probe') {
      this.#ping = { kind: 'heard', sinceMs: nowMs };
      // An unsolicited pong requires no answer (RFC 6455 section 5.5.3).
      this.#webSocket.pong();
    }
  }

  /** `ws` notices too, once it has processed the last bytes. */
  closed(): void {}

  /** `ws` has processed the client's bytes. */
  #haveRead(chunk: Buffer): void {
    this.#frames.push(chunk);
    this.#account();
    if (this.#frames.unfinishedBytes > SHARE_BYTES && this.#budget.isSpent) this.#overloaded();
    // A full read of small frames costs as much work as many other clients need.
    else if (isFullRead(chunk)) this.#input.endTurn();
  }

  #received(data: RawData, isBinary: boolean): void {
    this.#messages += 1;
    if (!Buffer.isBuffer(data) || this.#isOverloaded) return;
    if (data.length > SHARE_BYTES && this.#budget.isSpent) return this.#overloaded();
    this.#receivedBytes += data.length;
    this.#ticket.message(data, !isBinary);
    if (this.#ticket.isFull) this.#input.hold('messages');
  }

  #pinged(data: Buffer): void {
    if (this.#webSocket.readyState !== this.#webSocket.OPEN) return;
    if (this.#unsentPongs >= PONGS) {
      this.#lastPing = Buffer.from(data);
      return;
    }
    this.#unsentPongs += 1;
    this.#webSocket.pong(data, false, () => this.#pongSent());
  }

  #pongSent(): void {
    this.#unsentPongs -= 1;
    const ping = this.#lastPing;
    this.#lastPing = null;
    if (ping !== null) this.#pinged(ping);
  }

  /** Memory is spent, and this client needs much of it. */
  #overloaded(): void {
    if (this.#isOverloaded) return;
    this.#isOverloaded = true;
    this.#limitReached('gateway_memory');
    this.#exchange.closing('overload');
    this.#notifyWorker(TRY_AGAIN_LATER, NO_REASON);
    this.#webSocket.close(TRY_AGAIN_LATER);
    // The client is not read any more, so its answer would go unseen.
    this.#input.hold('messages');
    this.#closeTimer ??= setTimeout(() => this.#webSocket.terminate(), GOODBYE_MS);
  }

  /** In both directions. */
  #account(): void {
    if (this.#frames.wholeMessages === this.#messages) this.#assembledBytes = this.#socket.bytesRead;
    // Compressed messages queue to be inflated.
    const waitingBytes = this.#socket.bytesRead - this.#assembledBytes;
    const bytes = this.#isGone ? 0 : this.#frames.unfinishedBytes + waitingBytes + this.unsentBytes;
    this.#budget.add(bytes - this.#accountedBytes);
    this.#accountedBytes = bytes;
  }

  get #isGone(): boolean {
    return this.#webSocket.readyState === this.#webSocket.CLOSED;
  }

  #broken(error: Error): void {
    const code = 'code' in error && typeof error.code === 'string' ? error.code : '';
    if (code === TOO_LARGE) this.#limitReached('websocket_max_message_size');
    this.#notifyWorker(FAULT_CODES[code] ?? (code.startsWith('WS_ERR_') ? PROTOCOL_ERROR : LOST), NO_REASON);
  }

  #restart(remainingMs: number): void {
    // The client may not answer.
    this.#closeTimer = setTimeout(() => this.#webSocket.terminate(), Math.max(remainingMs, GOODBYE_MS));
    this.#exchange.closing('shutting-down');
    this.#notifyWorker(SERVICE_RESTART, NO_REASON);
    this.#close(SERVICE_RESTART);
  }

  /** The answer of a client that is not being read would go unseen. */
  #close(code?: number, reason: Buffer = NO_REASON): void {
    this.#webSocket.close(code, reason);
    this.#input.open();
    this.#release();
  }

  #notifyWorker(code: number, reason: Buffer): void {
    this.#ticket.closed(code, reason);
    this.#release();
  }

  #release(): void {
    const resume = this.#resume;
    this.#resume = null;
    resume?.();
  }

  #ended(code: number, reason: Buffer): void {
    if (this.#closeTimer !== null) clearTimeout(this.#closeTimer);
    this.#account();
    this.#notifyWorker(code, reason);
    this.#exchange.closed(code === LOST ? 'client-gone' : 'answered');
  }
}

/** RFC 6455 section 7.4: what may stand in a close frame. */
function isSendable(code: number): boolean {
  if (code >= 3000 && code <= 4999) return true;
  return code >= 1000 && code <= 1014 && code !== 1004 && code !== NO_CODE && code !== LOST;
}
