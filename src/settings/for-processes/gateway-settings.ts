// The settings of a gateway, with units in their names; the arbiter sends them as plain JSON. Pure.

import { fromChdir } from '../from-chdir.ts';
import type { Settings } from '../settings.ts';
import { type StaticMount, sendfileMounts, staticMounts } from '../static-mounts.ts';
import type { AccountIds } from './accounts.ts';
import { chooseWorkerClass } from './choose-worker-class.ts';
import { type LogSettings, toLogSettings } from './log-settings.ts';
import type { WorkerClass } from './worker-classes.ts';

export interface GatewaySettings extends LogSettings {
  /** 0: connections are closed after each response. */
  readonly keepaliveMs: number;
  /** Longest time for a head, and without progress in a body and in reading a response; 0 means no limit. */
  readonly headTimeoutMs: number;
  readonly bodyTimeoutMs: number;
  readonly writeTimeoutMs: number;
  /** Bytes per second after the first bodyTimeoutMs; 0: any rate. */
  readonly bodyMinRateBytes: number;
  /** 0 means no limit, here and in the next five. */
  readonly limitRequestBodyBytes: number;
  readonly connectionLimit: number;
  readonly memoryLimitBytes: number;
  readonly spoolLimitBytes: number;
  readonly queueLimit: number;
  readonly queueTimeoutMs: number;
  readonly queueOrder: Settings['queue_order'];
  readonly gracefulTimeoutMs: number;
  readonly requestBufferBytes: number;
  readonly responseBufferBytes: number;
  /** 0: responses are not spooled. */
  readonly responseSpoolBytes: number;
  readonly backlog: number;

  /** With asgi, bodies are streamed to the application, and the gateway speaks WebSocket. */
  readonly dialect: WorkerClass['dialect'];
  readonly clientFrom: WorkerClass['clientFrom'];
  /** 0 means no limit, here and in the next two. */
  readonly webSocketMessageBytes: number;
  readonly webSocketPingIntervalMs: number;
  readonly webSocketPingTimeoutMs: number;
  readonly webSocketCompression: boolean;

  /** An absolute path, `-` for standard output, or null for no access log. */
  readonly accessLog: string | null;
  readonly accessLogFormat: string;
  /** An absolute path, or `-` for standard error. */
  readonly errorLog: string;
  readonly logLevel: Settings['loglevel'];

  /** Without CRLF; `NO_LIMIT` if there is none. */
  readonly limitRequestLineBytes: number;
  readonly limitRequestFields: number;
  /** For one field line, including name, folds and CRLF. */
  readonly limitRequestFieldSizeBytes: number;
  readonly permitObsoleteFolding: boolean;
  readonly stripHeaderSpaces: boolean;
  readonly permitUnconventionalHttpMethod: boolean;
  readonly permitUnconventionalHttpVersion: boolean;
  readonly casefoldHttpMethod: boolean;
  readonly headerMap: Settings['header_map'];
  /** In upper case; `*` means all. */
  readonly forwarderHeaders: readonly string[];
  /** IP addresses and networks; `*` means all. */
  readonly forwardedAllowIps: readonly string[];
  readonly forwardedHeader: boolean;
  readonly proxyProtocol: Settings['proxy_protocol'];
  readonly proxyAllowIps: readonly string[];
  readonly protocol: Settings['protocol'];
  readonly uwsgiAllowIps: readonly string[];
  /** Names in upper case with dashes, as on the wire; values exactly. */
  readonly secureSchemeHeaders: Readonly<Record<string, string>>;

  readonly staticMounts: readonly StaticMount[];
  /** By the beginning of X-Sendfile and X-Accel-Redirect; empty: the fields mean nothing. */
  readonly sendfileMounts: readonly StaticMount[];
  /** The file that is served for a folder; null: none. */
  readonly staticIndex: string | null;
  /** 0: no Cache-Control. */
  readonly staticExpiresSeconds: number;

  readonly userId: number;
  readonly groupId: number;
  /** Null: no supplementary groups except groupId. Set if the setting initgroups asks for it. */
  readonly initGroupId: number | null;
  readonly umask: number;
  readonly procName: string;
  /** The value of the field Server; empty: no such field. */
  readonly serverName: string;
  readonly sendsDate: boolean;
  /** Additional fields of every response, each `NAME: VALUE`. */
  readonly responseFields: readonly string[];
}

export const SERVER_NAME = 'tunicorn';

/** JSON has no Infinity. */
export const NO_LIMIT: number = Number.MAX_SAFE_INTEGER;

// Gunicorn's ceilings, which apply regardless of the settings.
const MAX_REQUEST_LINE_BYTES = 8190;
const MAX_REQUEST_FIELDS = 32768;
const DEFAULT_FIELD_SIZE_BYTES = 8190;

export function toGatewaySettings(
  settings: Settings,
  ids: AccountIds,
  serverName: string = SERVER_NAME,
): GatewaySettings {
  const { limit_request_line: lineBytes, limit_request_fields: fields } = settings;
  const schemeHeaders = settings.proxy_headers ? Object.entries(settings.secure_scheme_headers) : [];
  return {
    keepaliveMs: settings.keepalive * 1000,
    headTimeoutMs: settings.head_timeout * 1000,
    bodyTimeoutMs: settings.body_timeout * 1000,
    writeTimeoutMs: settings.write_timeout * 1000,
    bodyMinRateBytes: settings.body_min_rate,
    limitRequestBodyBytes: settings.limit_request_body,
    connectionLimit: settings.gateway_connections,
    memoryLimitBytes: settings.gateway_memory,
    spoolLimitBytes: settings.gateway_spool,
    queueLimit: settings.queue_limit,
    queueTimeoutMs: settings.queue_timeout * 1000,
    queueOrder: settings.queue_order,
    gracefulTimeoutMs: settings.graceful_timeout * 1000,
    requestBufferBytes: settings.request_buffer_size,
    responseBufferBytes: settings.response_buffer_size,
    responseSpoolBytes: settings.response_spool_size,
    backlog: settings.backlog,

    ...ofWorkerClass(settings),
    webSocketMessageBytes: settings.websocket_max_message_size,
    webSocketPingIntervalMs: settings.websocket_ping_interval * 1000,
    webSocketPingTimeoutMs: settings.websocket_ping_timeout * 1000,
    webSocketCompression: settings.websocket_compression,

    accessLog: settings.accesslog === null ? null : fromChdir(settings.chdir, settings.accesslog),
    accessLogFormat: settings.access_log_format,
    errorLog: fromChdir(settings.chdir, settings.errorlog),
    logLevel: settings.loglevel,
    ...toLogSettings(settings),

    limitRequestLineBytes: lineBytes === 0 ? NO_LIMIT : Math.min(lineBytes, MAX_REQUEST_LINE_BYTES),
    limitRequestFields: fields === 0 ? MAX_REQUEST_FIELDS : Math.min(fields, MAX_REQUEST_FIELDS),
    // Gunicorn documents 0 as no limit but applies its default. So does Tunicorn: nothing else bounds the memory of an unfinished head.
    limitRequestFieldSizeBytes: settings.limit_request_field_size || DEFAULT_FIELD_SIZE_BYTES,
    permitObsoleteFolding: settings.permit_obsolete_folding,
    stripHeaderSpaces: settings.strip_header_spaces,
    permitUnconventionalHttpMethod: settings.permit_unconventional_http_method,
    permitUnconventionalHttpVersion: settings.permit_unconventional_http_version,
    casefoldHttpMethod: settings.casefold_http_method,
    headerMap: settings.header_map,
    forwarderHeaders: settings.forwarder_headers.map((name) => name.toUpperCase()),
    forwardedAllowIps: settings.forwarded_allow_ips,
    forwardedHeader: settings.forwarded_header && settings.proxy_headers,
    proxyProtocol: settings.proxy_protocol,
    proxyAllowIps: settings.proxy_allow_ips,
    protocol: settings.protocol,
    uwsgiAllowIps: settings.uwsgi_allow_ips,
    secureSchemeHeaders: Object.fromEntries(schemeHeaders.map(([name, value]) => [name.toUpperCase(), value])),

    staticMounts: staticMounts(settings),
    sendfileMounts: sendfileMounts(settings),
    staticIndex: settings.static_path_dir_to_file,
    staticExpiresSeconds: settings.static_path_expires,

    userId: ids.userId,
    groupId: ids.groupId,
    initGroupId: null,
    umask: settings.umask,
    procName: settings.proc_name ?? settings.default_proc_name,
    serverName,
    sendsDate: settings.date_header,
    responseFields: settings.response_headers,
  };
}

/** Only the forkserver knows classes of the user's own: for those, the resolver sets the interface. */
function ofWorkerClass(settings: Settings): Pick<WorkerClass, 'dialect' | 'clientFrom'> {
  const chosen = chooseWorkerClass(settings.worker_class, settings.threads);
  if (!chosen.ok) return { dialect: 'wsgi', clientFrom: 'connection' };
  const { dialect, clientFrom } = chosen.workerClass;
  return { dialect, clientFrom: settings.proxy_headers ? clientFrom : 'connection' };
}
