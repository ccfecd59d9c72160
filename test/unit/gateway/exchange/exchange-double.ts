// A client that only writes down what it is sent, and exchanges with it.

import assert from 'node:assert/strict';
import { Exchange } from '../../../../src/gateway/exchange/exchange.ts';
import type { ExchangeClient, ExchangeEnd } from '../../../../src/gateway/exchange/exchange-client.ts';
import type { WatchedTicket } from '../../../../src/gateway/exchange/watched-ticket.ts';
import { toHeadRules } from '../../../../src/gateway/http1/head/head-rules.ts';
import { newHeadContext, parseRequestHead, type RequestHead } from '../../../../src/gateway/http1/head/request-head.ts';
import { ResponseHeadLines } from '../../../../src/gateway/http1/response/response-head-lines.ts';

const RULES = toHeadRules({});
const OWN_FIELDS = { serverName: 'tunicorn', sendsDate: true, responseFields: [] };

export function headOf(text: string, scheme: 'http' | 'https' = 'http', scriptName = ''): RequestHead {
  const rules = scriptName === '' ? RULES : toHeadRules({ script_name: scriptName });
  const head = parseRequestHead(text, newHeadContext(rules, true, scheme));
  assert.ok('method' in head, `not a head: ${text}`);
  return head;
}

export class ClientDouble implements ExchangeClient {
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

  holdsBack(): boolean {
    return false;
  }

  acceptWebSocket(_exchange: Exchange, _ticket: WatchedTicket, head: string): null {
    this.accepted.push(head);
    return null;
  }

  openTunnel(): null {
    return null;
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

export function newExchange(parts: ExchangeParts = {}): Exchange & { readonly client: ClientDouble } {
  const client = parts.client ?? new ClientDouble();
  const head = headOf(parts.request ?? 'GET / HTTP/1.1\r\nHost: a');
  const exchange = new Exchange(
    client,
    head,
    parts.fields ?? 'REQUEST_METHOD\0GET',
    false,
    parts.body ?? null,
    null,
    parts.arrivedMs ?? 0,
    parts.upstreamMs ?? 0,
  );
  return Object.assign(exchange, { client });
}
