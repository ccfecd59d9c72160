// The access record that is sent to Python's loggers for a request that no worker finished.

import type { RelayedAccess } from '../../log/relayed-log.ts';
import type { Exchange } from '../exchange/exchange.ts';
import { environOf } from '../exchange/request.ts';
import { percentDecode } from '../http1/head/percent-decode.ts';
import type { UnservedRequest } from './access-records.ts';

export function relayedExchange(exchange: Exchange): RelayedAccess {
  return {
    type: 'access',
    fields: environOf(exchange.request),
    status: exchange.status,
    bodyBytes: exchange.sentBytes,
    responseHead: exchange.responseLines,
    durationUs: Math.floor((performance.now() - exchange.request.arrivedMs) * 1000),
    queuedMs: exchange.queuedMs,
    end: exchange.why,
    pid: exchange.workerPid ?? process.pid,
  };
}

export function relayedUnserved(request: UnservedRequest): RelayedAccess {
  const { answer, head, connection } = request;
  return {
    type: 'access',
    fields: head === null ? fieldsOfLine(request.line, connection.remoteAddress) : request.fields(),
    status: answer?.status ?? null,
    bodyBytes: answer?.bodyBytes ?? 0,
    responseHead: '',
    durationUs: Math.floor((performance.now() - request.sinceMs) * 1000),
    queuedMs: 0,
    end: request.end,
    pid: process.pid,
  };
}

function fieldsOfLine(line: UnservedRequest['line'], remoteAddress: string): string {
  const pairs = ['REMOTE_ADDR', remoteAddress];
  if (line !== null) {
    pairs.push('REQUEST_METHOD', line.method, 'RAW_URI', line.target, 'SERVER_PROTOCOL', line.protocol);
    pairs.push('PATH_INFO', percentDecode(line.path), 'QUERY_STRING', line.query);
  }
  return pairs.join('\0');
}
