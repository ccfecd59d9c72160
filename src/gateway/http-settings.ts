// The settings that connections read, prepared once for each set of settings; a connection adopts a new set between requests.

import type { GatewaySettings } from '../settings/for-processes/gateway-settings.ts';
import type { ProxyProtocolMode } from './accept/proxy-protocol.ts';
import { type TrustedPeers, toTrustedPeers } from './accept/trusted-peers.ts';
import { HeadContexts } from './http1/head/head-contexts.ts';
import { type HeadRules, toHeadRules } from './http1/head/head-rules.ts';
import { ResponseHeadLines } from './http1/response/response-head-lines.ts';
import { RequestIds } from './ticket/request-id.ts';
import type { WebSocketLimits } from './upgraded/web-socket-handshake.ts';

export interface HttpSettings extends WebSocketLimits {
  /** asgi: bodies are streamed to the worker, and the gateway speaks WebSocket. */
  readonly dialect: GatewaySettings['dialect'];
  /** The proxies whose X-Forwarded-For is believed for ASGI applications; null: none. */
  readonly proxies: TrustedPeers | null;
  readonly rules: HeadRules;
  readonly headContexts: HeadContexts;
  /** Applies to new connections. */
  readonly proxyProtocol: 'off' | ProxyProtocolMode;
  /** The peers that may send a PROXY header. */
  readonly proxyPeers: TrustedPeers;
  /** Applies to new connections. */
  readonly protocol: GatewaySettings['protocol'];
  /** The peers that may speak uwsgi. */
  readonly uwsgiPeers: TrustedPeers;
  /** Null: requests have no ids. */
  readonly requestIds: RequestIds | null;
  /** 0: every response closes its connection. */
  readonly keepaliveMs: number;
  /** 0: no limit. The same holds for the next two. */
  readonly headTimeoutMs: number;
  readonly bodyTimeoutMs: number;
  readonly writeTimeoutMs: number;
  readonly bodyMinRateBytes: number;
  readonly limitRequestBodyBytes: number;
  readonly memoryLimitBytes: number;
  readonly requestBufferBytes: number;
  readonly responseBufferBytes: number;
  /** 0: responses are not spooled. */
  readonly responseSpoolBytes: number;
}

export function toHttpSettings(settings: GatewaySettings): HttpSettings {
  const rules = toHeadRules(settings, process.env.SCRIPT_NAME ?? '');
  return {
    rules,
    headContexts: new HeadContexts(rules),
    headLines: new ResponseHeadLines(settings),
    proxies: settings.clientFrom === 'forwarded-for' ? rules.trustedPeers : null,
    dialect: settings.dialect,
    webSocketMessageBytes: settings.webSocketMessageBytes,
    webSocketPingIntervalMs: settings.webSocketPingIntervalMs,
    webSocketPingTimeoutMs: settings.webSocketPingTimeoutMs,
    webSocketCompression: settings.webSocketCompression,
    proxyProtocol: settings.proxyProtocol,
    proxyPeers: toTrustedPeers('proxy_allow_ips', settings.proxyAllowIps),
    protocol: settings.protocol,
    uwsgiPeers: toTrustedPeers('uwsgi_allow_ips', settings.uwsgiAllowIps),
    requestIds: settings.requestIds ? new RequestIds() : null,
    keepaliveMs: settings.keepaliveMs,
    headTimeoutMs: settings.headTimeoutMs,
    bodyTimeoutMs: settings.bodyTimeoutMs,
    writeTimeoutMs: settings.writeTimeoutMs,
    bodyMinRateBytes: settings.bodyMinRateBytes,
    limitRequestBodyBytes: settings.limitRequestBodyBytes,
    memoryLimitBytes: settings.memoryLimitBytes,
    requestBufferBytes: settings.requestBufferBytes,
    responseBufferBytes: settings.responseBufferBytes,
    responseSpoolBytes: settings.responseSpoolBytes,
  };
}
