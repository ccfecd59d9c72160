// The fields of a ticket: the part of the WSGI environ that differs between requests (PEP 3333, and Gunicorn's additions).

import type { ListenerAddress } from '../../messages/between-arbiter-and-gateway.ts';
import type { ProxyEndpoint, ProxyHeader } from '../accept/proxy-protocol.ts';
import { decodesToNul, percentDecode } from '../http1/head/percent-decode.ts';
import type { RequestHead } from '../http1/head/request-head.ts';
import { requestStartMs } from './x-request-start.ts';

export interface EnvironFields {
  readonly fields: string;
  /** PATH_INFO stays percent-encoded: decoded, it would contain a NUL, which separates fields. */
  readonly rawPath: boolean;
  /** When a trusted proxy received the request, in milliseconds since 1970. */
  readonly requestStart: number | null;
}

/**
 * The fields that all requests of a connection share, made once: the peer's address and, except for Unix sockets, the server's. `peer` is
 * null for a Unix socket, `proxy` for a connection without a PROXY header; `remote` is the client.
 */
export function connectionFields(
  listener: ListenerAddress,
  peer: ProxyEndpoint | null,
  proxy: ProxyHeader | null = null,
  remote: ProxyEndpoint | null = proxy?.source ?? peer,
): string {
  let fields = `\0REMOTE_ADDR\0${remote?.address ?? ''}`;
  if (remote !== null) fields += `\0REMOTE_PORT\0${remote.port}`;
  if (peer !== null) fields += `\0SERVER_NAME\0${listener.host}\0SERVER_PORT\0${listener.port}`;
  if (proxy === null) return fields;
  fields += `\0PROXY_PROTOCOL\0${proxy.protocol}`;
  // Without addresses in the header Gunicorn sets None, and the text "None"; PEP 3333 allows only strings.
  if (proxy.destination === null) return fields;
  return `${fields}\0PROXY_ADDR\0${proxy.destination.address}\0PROXY_PORT\0${proxy.destination.port}`;
}

export function environFields(
  head: RequestHead,
  shared: string,
  listener: ListenerAddress,
  peerTrusted: boolean,
): EnvironFields {
  const rawPath = decodesToNul(head.path);
  const pathInfo = rawPath ? head.path : percentDecode(head.path);
  let fields = `REQUEST_METHOD\0${head.method}\0PATH_INFO\0${pathInfo}\0QUERY_STRING\0${head.query}\0RAW_URI\0${head.target}\0SERVER_PROTOCOL\0${head.protocol}${shared}`;
  if (listener.kind === 'unix') fields += serverFromHost(head, listener);
  if (head.scheme === 'https') fields += '\0wsgi.url_scheme\0https';
  if (head.scriptName !== '') fields += `\0SCRIPT_NAME\0${head.scriptName}`;
  if (head.headerFields !== '') fields += `\0${head.headerFields}`;
  return { fields, rawPath, requestStart: peerTrusted ? requestStartMs(fields) : null };
}

/** A Unix socket has no name or port of its own: the Host field has the server's name as the client knows it. */
function serverFromHost(head: RequestHead, listener: ListenerAddress): string {
  if (head.host === null || head.host === '') return `\0SERVER_NAME\0${listener.host}\0SERVER_PORT\0`;
  const found = /^(\[[^\]]*\]|[^:]*)(?::(.*))?$/.exec(head.host);
  const name = found?.[1] ?? head.host;
  const port = found?.[2] ?? (head.scheme === 'https' ? '443' : '80');
  return `\0SERVER_NAME\0${name}\0SERVER_PORT\0${port}`;
}
