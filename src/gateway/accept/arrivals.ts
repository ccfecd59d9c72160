// Accepted sockets on which HTTP has not begun: with proxy_protocol on, a PROXY header may come first.

import type { Socket } from 'node:net';
import type { ListenerAddress } from '../../messages/between-arbiter-and-gateway.ts';
import type { HttpSettings } from '../http-settings.ts';
import { Refusal } from '../http1/refusal.ts';
import { ProxyHeaderReader } from './proxy-protocol.ts';
import { plainTransport, type Transport } from './transport.ts';

/** How HTTP begins on the connection. */
export type Opening =
  /** The client has yet to send something, or has sent these bytes. */
  | { readonly kind: 'request'; readonly bytes: Buffer }
  | { readonly kind: 'refusal'; readonly refusal: Refusal }
  /** The client has sent nothing and gets nothing: close gracefully. */
  | { readonly kind: 'goodbye' };

/** Takes over the socket. */
export type Arrived = (socket: Socket, transport: Transport, opening: Opening) => void;

const EMPTY = Buffer.alloc(0);
const NOTHING_SENT: Opening = { kind: 'request', bytes: EMPTY };
const GOODBYE: Opening = { kind: 'goodbye' };

export class Arrivals {
  readonly #arrived: Arrived;
  readonly #waiting: Set<ProxyHeaderWait> = new Set();

  constructor(arrived: Arrived) {
    this.#arrived = arrived;
  }

  /** Connections that wait for a PROXY header. */
  get size(): number {
    return this.#waiting.size;
  }

  take(socket: Socket, listener: ListenerAddress, http: HttpSettings, nowMs: number): void {
    const transport = plainTransport(socket, listener, nowMs);
    if (http.proxyProtocol === 'off') return this.#arrived(socket, transport, NOTHING_SENT);
    const { proxyProtocol: mode, proxyPeers, headTimeoutMs } = http;
    const address = transport.peer?.address ?? null;
    const reader = new ProxyHeaderReader(mode, proxyPeers.trusts(address) ? null : (address ?? ''));
    const wait = new ProxyHeaderWait({ socket, transport, reader, headTimeoutMs }, (known, opening) => {
      this.#waiting.delete(wait);
      if (opening !== null) this.#arrived(socket, known, opening);
    });
    this.#waiting.add(wait);
  }

  /** Applies the time limit; called about once a second. */
  checkTime(nowMs: number): void {
    for (const wait of this.#waiting) wait.checkTime(nowMs);
  }

  /** The gateway has been draining since `sinceMs`: connections without a byte are closed `limitMs` after that. */
  drainIdle(sinceMs: number, nowMs: number, limitMs: number): void {
    for (const wait of this.#waiting) wait.drainIdle(sinceMs, nowMs, limitMs);
  }

  destroy(): void {
    for (const wait of this.#waiting) wait.destroy();
  }
}

interface WaitParts {
  readonly socket: Socket;
  readonly transport: Transport;
  readonly reader: ProxyHeaderReader;
  /** 0: no limit. */
  readonly headTimeoutMs: number;
}

/** `opening` is null when the client has closed the connection. */
type Over = (transport: Transport, opening: Opening | null) => void;

class ProxyHeaderWait {
  readonly #parts: WaitParts;
  readonly #over: Over;
  readonly #onData = (chunk: Buffer): void => this.#received(chunk);
  readonly #onEnd = (): void => this.#end(GOODBYE);
  readonly #onClose = (): void => this.#end(null);

  constructor(parts: WaitParts, over: Over) {
    this.#parts = parts;
    this.#over = over;
    const { socket } = parts;
    socket.on('data', this.#onData);
    socket.on('end', this.#onEnd);
    socket.on('close', this.#onClose);
    // A reset by the client is a normal end; `close` follows.
    socket.on('error', () => {});
  }

  checkTime(nowMs: number): void {
    const { transport, reader, headTimeoutMs } = this.#parts;
    if (headTimeoutMs === 0 || nowMs - transport.connectedMs <= headTimeoutMs) return;
    this.#end(
      reader.unfinished ? toRefusal(new Refusal('RequestTimeout', 'PROXY header', null, 'head_timeout')) : GOODBYE,
    );
  }

  drainIdle(sinceMs: number, nowMs: number, limitMs: number): void {
    if (nowMs - Math.max(this.#parts.transport.connectedMs, sinceMs) >= limitMs) this.#end(GOODBYE);
  }

  destroy(): void {
    this.#parts.socket.destroy();
  }

  #received(chunk: Buffer): void {
    const { transport, reader } = this.#parts;
    const progress = reader.push(chunk, 0);
    switch (progress.kind) {
      case 'more':
        return;
      case 'refused':
        return this.#end(toRefusal(progress.refusal));
      case 'header':
        return this.#end(
          { kind: 'request', bytes: chunk.subarray(progress.end) },
          { ...transport, proxy: progress.header },
        );
      case 'absent': {
        const { before } = progress;
        return this.#end({ kind: 'request', bytes: before.length === 0 ? chunk : Buffer.concat([before, chunk]) });
      }
    }
  }

  #end(opening: Opening | null, transport: Transport = this.#parts.transport): void {
    const { socket } = this.#parts;
    socket.off('data', this.#onData);
    socket.off('end', this.#onEnd);
    socket.off('close', this.#onClose);
    this.#over(transport, opening);
  }
}

function toRefusal(refusal: Refusal): Opening {
  return { kind: 'refusal', refusal };
}
