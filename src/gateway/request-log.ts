// Writes the access log: one line for each exchange that has ended. Costs nothing while there is no access log.

import { AccessLog } from '../log/access-log.ts';
import { type AccessLogFormat, compileAccessLogFormat } from '../log/access-log-format.ts';
import type { AccessRecord } from '../log/access-record.ts';
import type { ErrorLog } from '../log/error-log.ts';
import type { GatewaySettings } from '../settings/gateway-settings.ts';
import type { ClientConnection } from './client-connection.ts';
import type { Exchange } from './exchange.ts';
import { percentDecode } from './http/percent-decode.ts';

type Target =
  | { readonly kind: 'none' }
  | { readonly kind: 'open'; readonly log: AccessLog; readonly format: AccessLogFormat; readonly path: string };

export class RequestLog {
  readonly #errors: ErrorLog;
  #target: Target = { kind: 'none' };

  constructor(errors: ErrorLog, settings: GatewaySettings) {
    this.#errors = errors;
    this.configure(settings);
  }

  /** Applies new settings; what cannot be applied is logged, and the old ones stay. */
  configure(settings: GatewaySettings): void {
    if (settings.accessLog === null) return this.#replace({ kind: 'none' });
    const compiled = compileAccessLogFormat(settings.accessLogFormat);
    if (!compiled.ok) {
      this.#errors.log('error', compiled.message);
      return;
    }
    if (this.#target.kind === 'open' && this.#target.path === settings.accessLog) {
      this.#target = { ...this.#target, format: compiled.format };
      return;
    }
    const onTrouble = (message: string): void => this.#errors.log('error', message);
    const owner = { uid: settings.userId, gid: settings.groupId };
    const opened = AccessLog.open({ target: settings.accessLog, owner, onTrouble });
    if (!opened.ok) {
      this.#errors.log('error', opened.message);
      return;
    }
    this.#replace({ kind: 'open', log: opened.log, format: compiled.format, path: settings.accessLog });
  }

  reopen(): void {
    if (this.#target.kind === 'open') this.#target.log.reopen();
  }

  flush(): void {
    if (this.#target.kind === 'open') this.#target.log.flushSync();
  }

  answered(exchange: Exchange, connection: ClientConnection): void {
    if (this.#target.kind === 'none') return;
    const { log, format } = this.#target;
    log.write(format.format(toRecord(exchange, connection), Date.now()));
  }

  #replace(target: Target): void {
    if (this.#target.kind === 'open') void this.#target.log.close();
    this.#target = target;
  }
}

function toRecord(exchange: Exchange, connection: ClientConnection): AccessRecord {
  const { head } = exchange;
  return {
    remoteAddress: connection.remoteAddress,
    method: head.method,
    target: head.target,
    protocol: head.protocol,
    get path(): string {
      return percentDecode(head.path);
    },
    query: head.query,
    status: exchange.status,
    bodyBytes: exchange.sentBytes,
    queuedMs: exchange.queuedMs,
    durationUs: (performance.now() - exchange.arrivedMs) * 1000,
    pid: exchange.workerPid === 0 ? process.pid : exchange.workerPid,
    requestHeader: (name) => fieldOf(environKey(name), exchange.fields),
    responseHeader: (name) => responseField(exchange.responseHead, name),
    // The base environ of a worker has what tickets leave out.
    environ: (name) => fieldOf(name, exchange.fields) ?? (name === 'wsgi.url_scheme' ? head.scheme : undefined),
  };
}

function environKey(headerName: string): string {
  const key = headerName.replaceAll('-', '_');
  return key === 'content_type' || key === 'content_length' ? key : `http_${key}`;
}

/** Looks a name up in the NUL-separated environ fields, whatever its case. */
function fieldOf(name: string, fields: string): string | undefined {
  const pairs = fields.split('\0');
  const wanted = name.toUpperCase();
  for (let at = 0; at + 1 < pairs.length; at += 2) if (pairs[at]?.toUpperCase() === wanted) return pairs[at + 1];
  return undefined;
}

function responseField(head: string, name: string): string | undefined {
  const prefix = `${name}:`;
  const line = head.split('\r\n').findLast((text) => text.toLowerCase().startsWith(prefix));
  return line?.slice(prefix.length).trim();
}
