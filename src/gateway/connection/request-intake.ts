// The requests of a connection: turns the client's bytes into exchanges, or refuses them. The reader knows the form of a request; this
// knows what the state of the connection makes of it.

import type { RequestEnd } from '../../log/access-record.ts';
import type { Transport } from '../accept/transport.ts';
import { Exchange, type ExchangeClient } from '../exchange/exchange.ts';
import type { Refusal } from '../http1/refusal.ts';
import { ownAnswer, withoutContent } from '../http1/response/refusal-answer.ts';
import type { UnservedRequest } from '../report/access-records.ts';
import { endOfRefusal, type RejectedRequest } from '../request/rejected-request.ts';
import type { Read } from '../request/request-reader.ts';
import type { BodySender, StreamedBody } from '../request/streamed-body.ts';
import { RequestFields } from '../ticket/request-fields.ts';
import type { ConnectionParts, IntakeConnection } from './connection-parts.ts';

/** How much a client may send ahead of the request in service before reading pauses. */
const AHEAD_LIMIT_BYTES = 64 * 1024;
const CONTINUE = 'HTTP/1.1 100 Continue\r\n\r\n';

export class RequestIntake implements BodySender {
  readonly #parts: ConnectionParts;
  readonly #connection: IntakeConnection;
  readonly #client: ExchangeClient;
  readonly #fields: RequestFields;

  constructor(parts: ConnectionParts, transport: Transport, connection: IntakeConnection, client: ExchangeClient) {
    this.#parts = parts;
    this.#connection = connection;
    this.#client = client;
    this.#fields = new RequestFields(transport, parts.reader.http);
  }

  get remoteAddress(): string {
    return this.#fields.remoteAddress;
  }

  /** Bytes that arrive while a request is being read, or is in service. */
  received(chunk: Buffer): void {
    const { state } = this.#connection;
    const { reader, output } = this.#parts;
    if (state.kind === 'in-service') {
      const { stream } = state.exchange.request;
      if (stream?.isOpen === true) this.#feed(state.exchange, stream, chunk);
      else this.#keep(chunk);
    } else if (state.kind === 'reading') {
      if (reader.keptBytes === 0 && !output.isSpooling) this.#read(chunk);
      else this.#keep(chunk);
    }
  }

  /** Serves the last request again if these bytes, of which nothing is kept, are the same ones. Returns whether they are. */
  repeated(bytes: Buffer): boolean {
    const { reader, output } = this.#parts;
    if (this.#connection.state.kind !== 'reading' || reader.keptBytes > 0 || output.isSpooling) return false;
    const read = reader.readRepeated(bytes);
    if (read === null) return false;
    this.#serve(read);
    return true;
  }

  /** Reads the bytes that the client sent ahead of the last response. */
  readKept(): void {
    this.#parts.input.release('ahead');
    this.#read(null);
  }

  /** No more bytes will arrive. Returns whether that ended the request being read, or the wait for one. */
  cutOff(): boolean {
    const { state } = this.#connection;
    if (state.kind === 'in-service') {
      const { stream } = state.exchange.request;
      if (stream?.isOpen !== true) return false;
      this.#breakOff(state.exchange, stream, stream.cut());
      return true;
    }
    if (state.kind !== 'reading') return false;
    // Most clients that stop in the middle have gone, but some still read; one that has sent a complete request may well be reading.
    const refusal = this.#parts.reader.cut();
    if (refusal === null) this.#connection.leave();
    else this.refuse(refusal);
    return true;
  }

  /** Refuses the request being read, even if it is already in service. */
  refuse(refusal: Refusal, end: RequestEnd = endOfRefusal(refusal)): void {
    const { state } = this.#connection;
    if (state.kind === 'reading') return this.#reject(refusal, end, this.#parts.reader.rejected());
    if (state.kind !== 'in-service') return;
    const { stream } = state.exchange.request;
    if (stream !== null) this.#breakOff(state.exchange, stream, refusal, end);
  }

  /** The connection was closed in the middle of reading a request. */
  abandon(end: RequestEnd): void {
    const { reader } = this.#parts;
    if (reader.hasBegun) this.#recordUnserved(end, null, this.#newRequestId(), reader.rejected());
  }

  // BodySender

  /** Never in the middle of a response. */
  sendContinue(): void {
    const { state } = this.#connection;
    const mayCome =
      state.kind === 'reading' || (state.kind === 'in-service' && state.exchange.state.kind === 'outstanding');
    if (mayCome) this.#parts.socket.write(CONTINUE, 'latin1');
  }

  pauseReading(): void {
    this.#parts.input.hold('body');
  }

  resumeReading(): void {
    this.#connection.progressed();
    this.#parts.input.release('body');
  }

  #read(chunk: Buffer | null): void {
    const { reader } = this.#parts;
    let read = reader.read(chunk);
    while (read.kind === 'continue') {
      this.sendContinue();
      read = reader.read(null);
    }
    if (read.kind === 'request') this.#serve(read);
    else if (read.kind === 'refused') this.#reject(read.refusal, read.end, read.rejected);
  }

  #serve({ head, body }: Read & { readonly kind: 'request' }): void {
    this.#fields.follow(this.#parts.reader.http);
    const exchange = new Exchange(this.#fields.request(head, body), this.#client);
    this.#connection.beginService(exchange);
    body.stream?.sentBy(this);
    this.#parts.owner.admit(exchange);
    this.#holdWhatIsAhead();
  }

  /** More of the body of the request in service. */
  #feed(exchange: Exchange, stream: StreamedBody, chunk: Buffer): void {
    this.#connection.progressed();
    const progress = stream.push(chunk, 0);
    if (progress.kind === 'refused') this.#breakOff(exchange, stream, progress.refusal);
    else if (progress.kind === 'done') this.#keep(chunk.subarray(progress.end));
  }

  /** The body of the request in service will stay incomplete. If the response has begun, it is cut off. */
  #breakOff(exchange: Exchange, stream: StreamedBody, refusal: Refusal, end: RequestEnd = endOfRefusal(refusal)): void {
    const { owner } = this.#parts;
    owner.refused(refusal, this.#connection);
    stream.abort();
    owner.abandoned(exchange);
    exchange.fail(refusal, end);
  }

  #keep(bytes: Buffer): void {
    this.#parts.reader.keep(bytes);
    this.#holdWhatIsAhead();
  }

  #holdWhatIsAhead(): void {
    const { reader, owner, input } = this.#parts;
    const { keptBytes } = reader;
    if (keptBytes > AHEAD_LIMIT_BYTES || (keptBytes > 0 && owner.budget.isSpent)) input.hold('ahead');
  }

  #reject(refusal: Refusal, end: RequestEnd, rejected: RejectedRequest): void {
    const { owner, socket } = this.#parts;
    owner.refused(refusal, this.#connection);
    const requestId = this.#newRequestId();
    const whole = ownAnswer(refusal, requestId, owner.http().headLines);
    const { text, bodyBytes } = rejected.isHead ? withoutContent(whole) : whole;
    this.#recordUnserved(end, { status: refusal.status, bodyBytes }, requestId, rejected);
    socket.write(text, 'latin1');
    this.#connection.leave();
  }

  #newRequestId(): string {
    this.#fields.follow(this.#parts.reader.http);
    return this.#fields.newRequestId();
  }

  #recordUnserved(
    end: RequestEnd,
    answer: UnservedRequest['answer'],
    requestId: string,
    { head, line, requestBytes, sinceMs }: RejectedRequest,
  ): void {
    this.#parts.owner.unserved({
      connection: this.#connection,
      requestOfConnection: this.#connection.served + 1,
      head,
      line,
      fields: () => (head === null ? '' : this.#fields.environ(head)),
      requestBytes,
      sinceMs,
      requestId,
      answer,
      end,
    });
  }
}
