// A connection that a WSGI application has taken over: raw bytes between the client and the worker's channel in both directions, with
// backpressure; the end of either direction is passed on. The gateway sends something of its own only when the worker's generation ends:
// the frame that closes a WebSocket.

import type { Socket } from 'node:net';
import type { ClientOutput } from '../connection/client-output.ts';
import type { InputGate } from '../connection/input-gate.ts';
import type { ChannelOutput } from '../exchange/channel-output.ts';
import type { Exchange } from '../exchange/exchange.ts';
import { nextPing, type PingSettings, type PingState } from './ping-schedule.ts';
import { SentFrames } from './tunnel-frame-ends.ts';
import type { UpgradedTunnel } from './upgraded.ts';

/** When one side is gone, how long the other has to read its remaining bytes. */
const LAST_BYTES_MS = 5000;

/** The fraction of the time limit at which the close frame is sent at the latest, so that the application sees it, too. */
const CLOSED_AT = 0.9;
/** Close, 1012: service restart. */
const GOODBYE = Buffer.from([0x88, 0x02, 0x03, 0xf4]);
/** A pong without a ping asks for no answer (RFC 6455 section 5.5.3). */
const PONG = Buffer.from([0x8a, 0x00]);

/** The bytes of a tunnel are not spooled: backpressure reaches the application. */
const CLIENT_LIMITS = { responseBufferBytes: 64 * 1024, responseSpoolBytes: 0 };

/** The client's side of a tunnel. */
export interface TunnelClient {
  write(bytes: Buffer): void;
  /** Whether the client is not being read, because the worker does not read its bytes. */
  isHeld(): boolean;
  holdsBack(resume: () => void): boolean;
  pause(): void;
  resume(): void;
  /** Nothing more will be written. */
  end(): void;
  destroy(): void;
}

export function tunnelClient(socket: Socket, input: InputGate, output: ClientOutput): TunnelClient {
  return {
    write: (bytes) => output.write(bytes, CLIENT_LIMITS),
    holdsBack: (resume) => output.holdsBack(CLIENT_LIMITS, resume),
    isHeld: () => input.holds('tunnel'),
    pause: () => input.hold('tunnel'),
    resume: () => input.release('tunnel'),
    end: () => socket.end(),
    destroy: () => socket.destroy(),
  };
}

export interface TunnelParts {
  readonly exchange: Exchange;
  readonly client: TunnelClient;
  readonly channel: Socket;
  readonly toWorker: ChannelOutput;
  readonly pings: PingSettings;
}

export class Tunnel implements UpgradedTunnel {
  readonly kind = 'tunnel';
  #receivedBytes = 0;
  #sentBytes = 0;
  readonly #client: TunnelClient;
  readonly #channel: Socket;
  readonly #toWorker: ChannelOutput;
  readonly #exchange: Exchange;
  readonly #pings: PingSettings;
  /** Pings are the application's business, except while the client is not being read: only by writing can one notice that it has gone. */
  #ping: PingState = { kind: 'heard', sinceMs: 0 };
  readonly #sent: SentFrames = new SentFrames();
  #timer: NodeJS.Timeout | null = null;
  #goodbye: { readonly kind: 'not-yet'; readonly timer: NodeJS.Timeout | null } | { readonly kind: 'due' | 'said' } = {
    kind: 'not-yet',
    timer: null,
  };

  constructor({ exchange, client, channel, toWorker, pings }: TunnelParts) {
    this.#exchange = exchange;
    this.#client = client;
    this.#channel = channel;
    this.#toWorker = toWorker;
    this.#pings = pings;
  }

  fromClient(bytes: Buffer): void {
    this.#receivedBytes += bytes.length;
    if (bytes.length === 0 || !this.#channel.writable) return;
    this.#toWorker.write(bytes);
    if (this.#toWorker.isFull) this.#client.pause();
  }

  /** The client's half-close. */
  clientEnded(): void {
    this.#channel.end();
  }

  fromWorker(bytes: Buffer): void {
    // Nothing may follow a close frame.
    if (this.#goodbye.kind === 'said') return;
    const taken = this.#sent.take(bytes, this.#goodbye.kind === 'due' ? 'end-of-frame' : 'all');
    this.#sentBytes += taken;
    this.#client.write(taken === bytes.length ? bytes : bytes.subarray(0, taken));
    if (this.#client.holdsBack(() => this.#channel.resume())) this.#channel.pause();
    if (this.#goodbye.kind === 'due') this.#sayGoodbye();
  }

  workerEnded(): void {
    this.#client.end();
  }

  channelHasRoom(): void {
    this.#client.resume();
  }

  channelClosed(): void {
    this.#client.end();
    this.#client.resume();
    this.#endBy(LAST_BYTES_MS);
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

  holdsBack(): boolean {
    return false;
  }

  clientHasRoom(): void {}

  /** The end of the channel ends the tunnel. */
  workerLost(): void {}

  /** The application may go on for most of the time; then its client is sent a close frame, each at a slightly different moment. */
  closeWithin(delayMs: number, limitMs: number): void {
    if (this.#goodbye.kind === 'not-yet') {
      if (this.#goodbye.timer !== null) clearTimeout(this.#goodbye.timer);
      const timer = setTimeout(() => this.#sayGoodbye(), Math.max(0, limitMs * CLOSED_AT - delayMs));
      this.#goodbye = { kind: 'not-yet', timer };
    }
    this.#endBy(limitMs);
  }

  /** Immediately, or after the current frame. */
  #sayGoodbye(): void {
    this.#goodbye = { kind: this.#sent.isBetween ? 'said' : 'due' };
    if (this.#goodbye.kind === 'said') this.#client.write(GOODBYE);
  }

  checkTime(nowMs: number): void {
    if (!this.#client.isHeld()) this.#ping = { kind: 'heard', sinceMs: nowMs };
    // Only between two frames of the application, and never into anything that is not a WebSocket.
    if (this.#goodbye.kind !== 'not-yet' || !this.#sent.isBetween) return;
    const next = nextPing(this.#pings, this.#ping, nowMs, true);
    if (next !== 'ping' && next !== 'probe') return;
    this.#ping = { kind: next === 'ping' ? 'asked' : 'heard', sinceMs: nowMs };
    this.#client.write(PONG);
  }

  closed(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    if (this.#goodbye.kind === 'not-yet' && this.#goodbye.timer !== null) clearTimeout(this.#goodbye.timer);
    // The worker still gets the bytes that the client sent before it left, and may take its time.
    this.#channel.end();
    this.#channel.resume();
    this.#exchange.closed();
  }

  #endBy(limitMs: number): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#client.destroy(), limitMs);
  }
}
