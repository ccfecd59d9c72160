// The JSON form of the access log: one object per request, with typed fields. docs/logging.md has the table. Pure.

import type { AccessRecord } from './access-record.ts';
import { basicAuthUser } from './basic-auth-user.ts';
import { jsonLine } from './json-line.ts';

/** The line, without its end. `nowMs` is the time of logging. */
export function accessLogJson(record: AccessRecord, nowMs: number, gatewayPid: number): string {
  return jsonLine({
    time: new Date(nowMs).toISOString(),
    log: 'access',
    remote_addr: record.remoteAddress ?? null,
    user: basicAuthUser(record.requestHeader('authorization')) ?? null,
    method: record.method ?? null,
    target: record.target ?? null,
    path: record.path ?? null,
    query: record.query ?? null,
    protocol: record.protocol ?? null,
    scheme: record.scheme ?? null,
    host: record.host ?? null,
    status: record.status ?? null,
    response_bytes: record.bodyBytes,
    request_bytes: record.requestBytes,
    duration_ms: Math.floor(record.durationUs) / 1000,
    queue_ms: Math.floor(record.queuedMs * 1000) / 1000,
    end: record.end,
    worker_pid: record.workerPid ?? null,
    gateway_pid: gatewayPid,
    generation: record.generation ?? null,
    connection: record.connection,
    connection_request: record.requestOfConnection,
    request_id: record.requestId ?? null,
    referer: record.requestHeader('referer') ?? null,
    user_agent: record.requestHeader('user-agent') ?? null,
  });
}
