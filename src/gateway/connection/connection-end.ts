// The end of a connection: gracefully, after the last answer; by a time limit; by a drain of the gateway; or immediately.

import type { RequestEnd } from '../../log/access-record.ts';
import { Refusal } from '../http1/refusal.ts';
import { type Awaited, checkLimits } from './connection-limits.ts';
import type { ConnectionParts, EndingConnection } from './connection-parts.ts';
import { CLOSED, FLUSHING } from './connection-state.ts';
import type { RequestIntake } from './request-intake.ts';

export class ConnectionEnd {
  readonly #parts: ConnectionParts;
  readonly #intake: RequestIntake;
  readonly #connection: EndingConnection;

  constructor(parts: ConnectionParts, intake: RequestIntake, connection: EndingConnection) {
    this.#parts = parts;
    this.#intake = intake;
    this.#connection = connection;
  }

  /** Half-closes, then reads until the client has closed too: closing immediately would reset the connection, and the client could lose
   * the response. */
  leave(): void {
    const { kind } = this.#connection.state;
    if (kind === 'closed' || kind === 'lingering' || kind === 'flushing') return;
    const { reader, output, input } = this.#parts;
    reader.stop();
    if (output.isSpooling) this.#connection.enter(FLUSHING);
    else this.linger();
    input.open();
  }

  /**
   * The end behind the last response of a client that sends nothing more. Such a close cannot reset the connection, so the client's own
   * close is not awaited: that would cost a shutdown, and another turn of the event loop.
   */
  finish(): void {
    const { reader, output } = this.#parts;
    if (reader.keptBytes === 0 && output.isEmpty) this.destroy('answered');
    else this.leave();
  }

  /** The socket has the last response. */
  linger(): void {
    this.#connection.enter({ kind: 'lingering', sinceMs: performance.now() });
    this.#parts.socket.end();
  }

  destroy(why: RequestEnd): void {
    this.#parts.socket.destroy();
    this.closed(why);
  }

  /** The socket is closed, or was destroyed for the given reason. */
  closed(why: RequestEnd): void {
    const { state } = this.#connection;
    if (state.kind === 'closed') return;
    const { owner, reader, output } = this.#parts;
    this.#intake.abandon(why);
    this.#connection.enter(CLOSED);
    reader.stop();
    output.close();
    if (state.kind === 'taken-over') {
      // A message to the worker would queue behind bytes that the worker does not read.
      if (state.exchange.watched?.isFull === true) owner.abandoned(state.exchange);
      state.by.closed();
    }
    if (state.kind === 'in-service' && state.exchange.state.kind !== 'finished') {
      owner.abandoned(state.exchange);
      state.exchange.request.stream?.abort();
      state.exchange.abandon(why);
    }
  }

  /** Applies the time limits. */
  checkTime(nowMs: number): void {
    const { reader, output, socket, owner } = this.#parts;
    const verdict = checkLimits(reader.http, this.#awaited(nowMs), nowMs - this.#connection.waitingSinceMs);
    if (verdict === 'leave') this.leave();
    else if (verdict === 'destroy') socket.destroy();
    else if (verdict !== 'in-time') this.#intake.refuse(verdict);
    if (!output.isStuck(reader.http.writeTimeoutMs, nowMs)) return;
    owner.limitReached('write_timeout');
    this.destroy('write-timeout');
  }

  /** The gateway has been draining since `sinceMs`: an idle connection has `limitMs` for one more request. */
  drainIdle(sinceMs: number, nowMs: number, limitMs: number): void {
    const isIdle = this.#connection.state.kind === 'reading' && !this.#connection.isBusy;
    if (isIdle && nowMs - Math.max(this.#connection.waitingSinceMs, sinceMs) >= limitMs) this.leave();
  }

  /** The gateway has been draining since `sinceMs`: does not wait for a client that stalls in the middle of a request. */
  drainStalled(sinceMs: number, nowMs: number, limitMs: number): void {
    if (nowMs - Math.max(this.#connection.waitingSinceMs, sinceMs) <= limitMs) return;
    const { kind } = this.#awaited(nowMs);
    if (kind !== 'head' && kind !== 'body') return;
    this.#intake.refuse(new Refusal('ServiceUnavailable', 'shutting down'), 'shutting-down');
  }

  #awaited(nowMs: number): Awaited {
    const { state } = this.#connection;
    const hasUnsentOutput = !this.#parts.output.isEmpty;
    switch (state.kind) {
      case 'reading':
        return this.#parts.reader.awaited(hasUnsentOutput, nowMs);
      case 'lingering':
        return { kind: 'close', hasUnsentOutput, elapsedMs: nowMs - state.sinceMs };
      case 'in-service':
        return state.exchange.request.stream?.awaited(nowMs) ?? { kind: 'nothing' };
      case 'taken-over':
      case 'flushing':
      case 'closed':
        return { kind: 'nothing' };
    }
  }
}
