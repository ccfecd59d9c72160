// Counts requests, and writes the access log and the metrics of requests: one line for each request, however it ended. Nothing but the
// counting costs anything while neither is wanted.

import { compileAccessLogFormat } from '../../log/access-log-format.ts';
import { accessLogJson } from '../../log/access-log-json.ts';
import type { AccessRecord } from '../../log/access-record.ts';
import { BackgroundLog } from '../../log/background-log.ts';
import { GATEWAY_MESSAGES } from '../../log/catalog/gateway.ts';
import type { ErrorLog } from '../../log/error-log.ts';
import type { Entry } from '../../log/message.ts';
import type { GatewaySettings } from '../../settings/for-processes/gateway-settings.ts';
import type { Telemetry } from '../../telemetry/telemetry.ts';
import type { Exchange } from '../exchange/exchange.ts';
import { exchangeRecord, type RecordedConnection, type UnservedRequest, unservedRecord } from './access-records.ts';
import { relayedExchange, relayedUnserved } from './relayed-access.ts';
import { RequestCounts } from './request-counts.ts';

type Format = (record: AccessRecord, nowMs: number) => string;
type File = { readonly kind: 'none' } | { readonly kind: 'open'; readonly log: BackgroundLog; readonly path: string };

const NO_FILE: File = { kind: 'none' };

export class RequestLog {
  readonly counts: RequestCounts = new RequestCounts();
  readonly #errors: ErrorLog;
  readonly #telemetry: Telemetry;
  #file: File = NO_FILE;
  #toSyslog = false;
  /** Lost lines of files that are closed. */
  #lostBefore = 0;
  /** The workers write the access log; requests that no worker finished are relayed to them. */
  #toPython = false;
  #dialect: GatewaySettings['dialect'] = 'wsgi';
  #format: Format = () => '';
  /** Whether there is nothing to record. */
  #isIdle = true;

  constructor(errors: ErrorLog, telemetry: Telemetry, settings: GatewaySettings) {
    this.#errors = errors;
    this.#telemetry = telemetry;
    this.configure(settings);
  }

  /** Applies new settings, after the telemetry has; those that cannot be applied are logged, and the old ones stay. */
  configure(settings: GatewaySettings): void {
    const format = formatOf(settings);
    if (typeof format === 'string') this.#errors.say(GATEWAY_MESSAGES.accessLogFormatRejected, { reason: format });
    else this.#format = format;
    this.#open(settings);
    this.#toSyslog = settings.syslog?.access === true;
    this.#dialect = settings.dialect;
    this.#toPython = settings.logWriter === 'python';
    this.#isIdle = !this.#toPython && this.#file.kind === 'none' && !this.#toSyslog && settings.statsd === null;
  }

  /** Lines of the access log that could not be written. */
  get lostLines(): number {
    const ofFile = this.#file.kind === 'open' ? this.#file.log.dropped : 0;
    return this.#lostBefore + ofFile;
  }

  reopen(): void {
    if (this.#file.kind === 'open') this.#file.log.reopen();
  }

  /** A request that was admitted. */
  ended(exchange: Exchange, connection: RecordedConnection, requestOfConnection: number): void {
    this.counts.ended(exchange, performance.now());
    if (this.#isIdle) return;
    // Only the gateway knows how the WebSockets of ASGI applications end.
    const isTheGateways = this.#dialect === 'asgi' && exchange.request.head.isWebSocket;
    const isTheWorkers =
      !isTheGateways && exchange.ticket !== null && (exchange.why === 'answered' || exchange.why === 'cut-off');
    if (this.#toPython && !isTheWorkers) this.#errors.relay.access(relayedExchange(exchange));
    this.#record(exchangeRecord(exchange, connection, requestOfConnection));
  }

  unserved(request: UnservedRequest): void {
    this.counts.unserved(request.answer?.status, request.end);
    if (this.#isIdle) return;
    if (this.#toPython) this.#errors.relay.access(relayedUnserved(request));
    this.#record(unservedRecord(request));
  }

  #record(record: AccessRecord): void {
    if (this.#file.kind === 'open' || this.#toSyslog) {
      const line = this.#format(record, Date.now());
      if (this.#file.kind === 'open') this.#file.log.write(line);
      if (this.#toSyslog) this.#telemetry.syslog?.access(line, record.pid);
    }
    if (record.status !== undefined) this.#telemetry.statsd?.request(record.status, record.durationUs);
  }

  #open(settings: GatewaySettings): void {
    const { accessLog, logWriter } = settings;
    if (accessLog === null || logWriter === 'python') return this.#replace(NO_FILE);
    if (this.#file.kind === 'open' && this.#file.path === accessLog) return;
    const onTrouble = (trouble: Entry): void => this.#errors.enter(trouble);
    const owner = { uid: settings.userId, gid: settings.groupId };
    const opened = BackgroundLog.open({ name: 'access log', target: accessLog, owner, onTrouble });
    if (opened.ok) this.#replace({ kind: 'open', log: opened.log, path: accessLog });
    else this.#errors.say(GATEWAY_MESSAGES.accessLogNotOpened, { reason: opened.message });
  }

  #replace(file: File): void {
    if (this.#file.kind === 'open') {
      this.#lostBefore += this.#file.log.dropped;
      void this.#file.log.close();
    }
    this.#file = file;
  }
}

/** A string names the error in the format. */
function formatOf(settings: GatewaySettings): Format | string {
  if (settings.logFormat === 'json') return (record, nowMs) => accessLogJson(record, nowMs, process.pid);
  const compiled = compileAccessLogFormat(settings.accessLogFormat);
  return compiled.ok ? compiled.format.format : compiled.message;
}
