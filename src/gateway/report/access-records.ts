// The records of the access log: for requests that were admitted, however they ended, and for requests that never were.

import type { AccessRecord, RequestEnd } from '../../log/access-record.ts';
import type { Exchange } from '../exchange/exchange.ts';
import { environOf } from '../exchange/request.ts';
import { percentDecode } from '../http1/head/percent-decode.ts';
import type { RequestHead } from '../http1/head/request-head.ts';
import type { RequestLine } from '../http1/head/request-line.ts';
import { lastPairOfAnyCase } from '../ticket/environ-pairs.ts';

/** The part of a record that comes from the connection. */
export interface RecordedConnection {
  readonly remoteAddress: string;
  readonly number: number;
}

/** A request that ended before it was complete, or broke a rule. */
export interface UnservedRequest {
  readonly connection: RecordedConnection;
  readonly requestOfConnection: number;
  /** As far as known: the head, or the request line, or nothing. */
  readonly head: RequestHead | null;
  readonly line: RequestLine | null;
  /** The environ fields for `head`; computed only if the access log shows one. */
  readonly fields: () => string;
  readonly requestBytes: number;
  readonly sinceMs: number;
  readonly requestId: string;
  /** Null if there was no answer. */
  readonly answer: { readonly status: number; readonly bodyBytes: number } | null;
  readonly end: RequestEnd;
}

export function exchangeRecord(exchange: Exchange, connection: RecordedConnection, served: number): AccessRecord {
  const { request, responseLines, workerPid } = exchange;
  const { head } = request;
  return {
    remoteAddress: head.client?.address ?? connection.remoteAddress,
    method: head.method,
    target: head.target,
    protocol: head.protocol,
    // Lazy, because few formats show it.
    get path(): string {
      return percentDecode(head.path);
    },
    query: head.query,
    scheme: head.scheme,
    host: head.host ?? undefined,
    status: exchange.status ?? undefined,
    bodyBytes: exchange.sentBytes,
    requestBytes: exchange.receivedBytes,
    queuedMs: exchange.queuedMs,
    durationUs: (performance.now() - request.arrivedMs) * 1000,
    end: exchange.why,
    workerPid: workerPid ?? undefined,
    pid: workerPid ?? process.pid,
    generation: exchange.ticket?.pipe.generation,
    requestId: request.requestId ?? undefined,
    connection: connection.number,
    requestOfConnection: served,
    requestHeader: (name) => lastPairOfAnyCase(environOf(request), environKey(name)),
    responseHeader: (name) => responseField(responseLines, name),
    environ: (name) => environValue(name, environOf(request), head),
  };
}

export function unservedRecord(request: UnservedRequest): AccessRecord {
  const { head, line, answer, connection, requestId } = request;
  return {
    ...(head === null ? lineOf(line) : headOf(head)),
    remoteAddress: head?.client?.address ?? connection.remoteAddress,
    status: answer?.status,
    bodyBytes: answer?.bodyBytes ?? 0,
    requestBytes: request.requestBytes,
    queuedMs: 0,
    durationUs: (performance.now() - request.sinceMs) * 1000,
    end: request.end,
    workerPid: undefined,
    pid: process.pid,
    generation: undefined,
    requestId: requestId === '' ? undefined : requestId,
    connection: connection.number,
    requestOfConnection: request.requestOfConnection,
    requestHeader: (name) => lastPairOfAnyCase(request.fields(), environKey(name)),
    responseHeader: () => undefined,
    environ: (name) => environValue(name, request.fields(), head),
  };
}

type Named = 'method' | 'target' | 'protocol' | 'path' | 'query' | 'scheme' | 'host';

function headOf(head: RequestHead): Pick<AccessRecord, Named> {
  const { method, target, protocol, query, scheme } = head;
  return { method, target, protocol, path: percentDecode(head.path), query, scheme, host: head.host ?? undefined };
}

function lineOf(line: RequestLine | null): Pick<AccessRecord, Named> {
  const nothing = { scheme: undefined, host: undefined };
  if (line === null)
    return { method: undefined, target: undefined, protocol: undefined, path: undefined, query: undefined, ...nothing };
  const { method, target, protocol, query } = line;
  return { method, target, protocol, path: percentDecode(line.path), query, ...nothing };
}

/** The base environ of a worker has the keys that tickets omit. */
function environValue(name: string, fields: string, head: RequestHead | null): string | undefined {
  return lastPairOfAnyCase(fields, name) ?? (name === 'wsgi.url_scheme' ? head?.scheme : undefined);
}

function environKey(headerName: string): string {
  const key = headerName.replaceAll('-', '_');
  return key === 'content_type' || key === 'content_length' ? key : `http_${key}`;
}

function responseField(head: string, name: string): string | undefined {
  const prefix = `${name}:`;
  const line = head.split('\r\n').findLast((text) => text.toLowerCase().startsWith(prefix));
  return line?.slice(prefix.length).trim();
}
