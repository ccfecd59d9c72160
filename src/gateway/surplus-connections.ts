// Connections beyond gateway_connections: each is told so, and closed when it has heard. Used by gateway.ts.

import type { Socket } from 'node:net';
import type { ErrorLog } from '../log/error-log.ts';
import type { HttpSettings } from './http-settings.ts';
import type { RequestLog } from './request-log.ts';
import { turnAway } from './turn-away.ts';

const TURN_AWAY_MS = 2000;

export class SurplusConnections {
  readonly #log: ErrorLog;
  readonly #requestLog: RequestLog;
  readonly #sockets: Set<Socket> = new Set();
  /** Since the last report. */
  #turnedAway = 0;

  constructor(log: ErrorLog, requestLog: RequestLog) {
    this.#log = log;
    this.#requestLog = requestLog;
  }

  /** Those that have still to close. */
  get size(): number {
    return this.#sockets.size;
  }

  turnAway(socket: Socket, http: HttpSettings): void {
    this.#turnedAway += 1;
    socket.on('error', () => {});
    const { response, logged } = turnAway(socket, http, performance.now());
    socket.end(response, 'latin1');
    // What never sends a byte is no request.
    socket.once('data', (chunk: Buffer) => this.#requestLog.unserved(logged(chunk)));
    socket.resume();
    // Not the socket's own timeout: a client that goes on sending would put that off for ever.
    const timer = setTimeout(() => socket.destroy(), TURN_AWAY_MS);
    this.#sockets.add(socket);
    socket.on('close', () => {
      clearTimeout(timer);
      this.#sockets.delete(socket);
    });
  }

  /** In one line of the log, about once a second. */
  report(connectionLimit: number): void {
    if (this.#turnedAway === 0) return;
    const message = `Turned away ${this.#turnedAway} connections: gateway_connections is ${connectionLimit}`;
    this.#log.log('warning', message);
    this.#turnedAway = 0;
  }
}
