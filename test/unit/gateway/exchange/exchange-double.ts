// A client that records everything it is sent, and exchanges with it. An illegal move is a failure.

import assert from 'node:assert/strict';
import { Exchange, type ExchangeClient } from '../../../../src/gateway/exchange/exchange.ts';
import type { ExchangeEnd, IssuedTicket } from '../../../../src/gateway/exchange/exchange-life.ts';
import type { Request } from '../../../../src/gateway/exchange/request.ts';
import type { WatchedTicket } from '../../../../src/gateway/exchange/watched-ticket.ts';
import { newHeadContext, parseRequestHead, type RequestHead } from '../../../../src/gateway/http1/head/request-head.ts';
import { type Http1Output, Http1Response } from '../../../../src/gateway/http1/response/http1-response.ts';
import { ResponseHeadLines } from '../../../../src/gateway/http1/response/response-head-lines.ts';
import { headRules } from '../../../harness/gateway-settings.ts';

const RULES = headRules();
const OWN_FIELDS = { serverName: 'tunicorn', sendsDate: true, responseFields: [] };

export function headOf(text: string, scheme: 'http' | 'https' = 'http', scriptName = ''): RequestHead {
  const rules = scriptName === '' ? RULES : headRules({}, { scriptName });
  const head = parseRequestHead(text, newHeadContext(rules, true, scheme));
  assert.ok('method' in head, `not a head: ${text}`);
  return head;
}

export class ClientDouble implements ExchangeClient, Http1Output {
  readonly response: Http1Response = new Http1Response(this);
  readonly headLines = new ResponseHeadLines(OWN_FIELDS);
  readonly writes: Buffer[] = [];
  readonly ends: ExchangeEnd[] = [];
  /** The heads of WebSockets that were accepted. */
  readonly accepted: string[] = [];
  keepAliveAllowed = true;
  awaits = true;

  get sent(): string {
    return Buffer.concat(this.writes).toString('latin1');
  }

  write(data: string | Buffer): void {
    assert.equal(this.ends.length, 0, 'something was written after the end');
    this.writes.push(typeof data === 'string' ? Buffer.from(data, 'latin1') : Buffer.from(data));
  }

  mayKeepAlive(): boolean {
    return this.keepAliveAllowed;
  }

  maySendMore(): boolean {
    return true;
  }
  awaitsAnswer(): boolean {
    return this.awaits;
  }

  sendsFile(): boolean {
    return false;
  }

  hasSentAll(): boolean {
    return true;
  }

  isSocketFull(_resume: () => void): boolean {
    return false;
  }

  holdsBack(_resume: () => void): boolean {
    return false;
  }

  acceptWebSocket(_exchange: Exchange, _ticket: WatchedTicket, head: string): null {
    this.accepted.push(head);
    return null;
  }

  openTunnel(): null {
    return null;
  }

  illegalMove(what: string): void {
    assert.fail(what);
  }

  exchangeEnded(_exchange: Exchange, end: ExchangeEnd): void {
    this.ends.push(end);
  }
}

export interface ExchangeParts {
  readonly request?: string;
  readonly fields?: string;
  readonly body?: Buffer | null;
  readonly client?: ClientDouble;
  /** `performance.now()` when it came; 0 by default. */
  readonly arrivedMs?: number;
  readonly upstreamMs?: number;
}

export type TestExchange = Exchange & { readonly client: ClientDouble };

/** In the waiting line. */
export function newExchange(parts: ExchangeParts = {}): TestExchange {
  const client = parts.client ?? new ClientDouble();
  return Object.assign(new Exchange(newRequest(parts), client), { client });
}

/** With a ticket that a worker may answer. */
export function outstandingExchange(parts: ExchangeParts & { readonly ticket?: number } = {}): TestExchange {
  const exchange = newExchange(parts);
  exchange.dispatched(ticketFor(exchange.request, parts.ticket ?? 1));
  return exchange;
}

function newRequest(parts: ExchangeParts): Request {
  const fields = parts.fields ?? 'REQUEST_METHOD\0GET';
  const body = parts.body ?? null;
  return {
    head: headOf(parts.request ?? 'GET / HTTP/1.1\r\nHost: a'),
    dialect: 'wsgi',
    source: { ticketFields: () => ({ fields, rawPath: false }), environ: () => fields },
    fields,
    rawPath: false,
    body,
    stream: null,
    spoolPath: null,
    bodyBytes: body?.length ?? 0,
    arrivedMs: parts.arrivedMs ?? 0,
    upstreamMs: parts.upstreamMs ?? 0,
    requestId: null,
    madeRequestId: null,
  };
}

/** Its pipe leads nowhere. */
function ticketFor(request: Request, id: number): IssuedTicket {
  const { fields, rawPath, body } = request;
  const pipe = { generation: 1 } as unknown as IssuedTicket['pipe'];
  return { type: 'dispatched', id, gateway: 1, cancel: 1, fields, rawPath, body, waitedMs: 0, kind: 0, pipe };
}
