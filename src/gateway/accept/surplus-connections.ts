// Connections beyond gateway_connections, or beyond the available descriptors: each is answered 503, and closed after the client has had
// time to read that.

import type { Socket } from 'node:net';
import { GATEWAY_MESSAGES } from '../../log/catalog/gateway.ts';
import type { ErrorLog } from '../../log/error-log.ts';
import type { HttpSettings } from '../http-settings.ts';
import { Refusal } from '../http1/refusal.ts';
import { ownAnswer } from '../http1/response/refusal-answer.ts';
import type { UnservedRequest } from '../report/access-records.ts';
import type { RequestLog } from '../report/request-log.ts';
import { requestLineOf } from '../request/rejected-request.ts';
import { type DescriptorRoom, descriptorOf, isInReserve } from './descriptor-room.ts';

const TURN_AWAY_MS = 2000;
/** The line about scarce descriptors is repeated no more often: nothing changes until the limit is raised. */
const REPEAT_MS = 60_000;

export class SurplusConnections {
  readonly #log: ErrorLog;
  readonly #requestLog: RequestLog;
  readonly #room: DescriptorRoom;
  /** Oldest first. */
  readonly #sockets: Set<Socket> = new Set();
  /** Since the last report. */
  #turnedAway = 0;
  #withoutDescriptor = 0;
  #repeatAtMs = 0;

  constructor(log: ErrorLog, requestLog: RequestLog, room: DescriptorRoom) {
    this.#log = log;
    this.#requestLog = requestLog;
    this.#room = room;
  }

  /** Connections that have yet to close. */
  get size(): number {
    return this.#sockets.size;
  }

  /** Whether this connection exceeds a limit; `connections` others are open. */
  isSurplus(socket: Socket, connections: number, connectionLimit: number): boolean {
    const { counts } = this.#requestLog;
    if (connectionLimit > 0 && connections >= connectionLimit) {
      this.#turnedAway += 1;
      counts.refused('gateway_connections');
    } else if (isInReserve(this.#room, descriptorOf(socket))) {
      this.#withoutDescriptor += 1;
      counts.refused('open_files');
    } else return false;
    return true;
  }

  turnAway(socket: Socket, http: HttpSettings): void {
    this.#makeRoom();
    socket.on('error', () => {});
    const { response, logged } = answerTo(socket, http, performance.now());
    socket.end(response, 'latin1');
    // A connection on which no byte arrives is not a request.
    socket.once('data', (chunk: Buffer) => this.#requestLog.unserved(logged(chunk)));
    socket.resume();
    // Not the socket's own timeout: a client that keeps sending would postpone that forever.
    const timer = setTimeout(() => socket.destroy(), TURN_AWAY_MS);
    this.#sockets.add(socket);
    socket.on('close', () => {
      clearTimeout(timer);
      this.#sockets.delete(socket);
    });
  }

  /** They take half of the reserve at most. The oldest has had its answer, and the most time to read it. */
  #makeRoom(): void {
    if (this.#room.reserved === 0 || this.#sockets.size < this.#room.reserved / 2) return;
    const [oldest] = this.#sockets;
    if (oldest === undefined) return;
    this.#sockets.delete(oldest);
    oldest.destroy();
  }

  /** Logs at most one line of each kind; called about once a second. */
  report(connectionLimit: number, nowMs: number): void {
    if (this.#turnedAway > 0) {
      const count = this.#turnedAway;
      this.#log.say(GATEWAY_MESSAGES.connectionsTurnedAway, { count, limit: connectionLimit });
      this.#turnedAway = 0;
    }
    if (this.#withoutDescriptor > 0 && nowMs >= this.#repeatAtMs) {
      const count = this.#withoutDescriptor;
      this.#log.say(GATEWAY_MESSAGES.descriptorsExhausted, { count, limit: this.#room.limit });
      this.#withoutDescriptor = 0;
      this.#repeatAtMs = nowMs + REPEAT_MS;
    }
  }
}

interface TurnedAway {
  /** In ISO-8859-1. */
  readonly response: string;
  /** Made from the first bytes that the client sends. */
  readonly logged: (chunk: Buffer) => UnservedRequest;
}

function answerTo(
  socket: { readonly remoteAddress?: string | undefined },
  http: HttpSettings,
  sinceMs: number,
): TurnedAway {
  const refusal = new Refusal('ServiceUnavailable', 'too many connections');
  const requestId = http.requestIds === null ? '' : http.requestIds.next();
  const { text, bodyBytes } = ownAnswer(refusal, requestId, http.headLines);
  // Unknown once the socket is closed.
  const connection = { remoteAddress: socket.remoteAddress ?? '', number: 0 };
  const logged = (chunk: Buffer): UnservedRequest => ({
    connection,
    requestOfConnection: 1,
    head: null,
    line: requestLineOf(chunk.toString('latin1'), http.rules),
    fields: () => '',
    requestBytes: 0,
    sinceMs,
    requestId,
    answer: { status: refusal.status, bodyBytes },
    end: 'overload',
  });
  return { response: text, logged };
}
