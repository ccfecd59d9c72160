// The fields of a ticket for an ASGI application: ten in a fixed order, then the header fields in the order received, with names in lower
// case; NUL between all of them. python/tunicorn/asgi/scope.py reads them.

import type { ListenerAddress } from '../../messages/between-arbiter-and-gateway.ts';
import type { ProxyEndpoint } from '../accept/proxy-protocol.ts';
import type { TrustedPeers } from '../accept/trusted-peers.ts';
import type { RequestHead } from '../http1/head/request-head.ts';
import type { EnvironFields } from './environ-fields.ts';
import { forwardedClient } from './forwarded-client.ts';
import { requestStartMs } from './x-request-start.ts';

/** The name of the last pair, if the body is in a file; no header name begins with a space. */
export const ASGI_SPOOL = ' spool';

/** What all requests of a connection share. */
export interface AsgiConnection {
  readonly listener: ListenerAddress;
  /** Null for a Unix socket, and if a PROXY header does not name it. */
  readonly client: ProxyEndpoint | null;
  readonly peerTrusted: boolean;
  /** The peers whose X-Forwarded-For and X-Forwarded-Proto count; null: none. */
  readonly proxies: TrustedPeers | null;
}

export function asgiFields(
  head: RequestHead,
  { listener, client, peerTrusted, proxies }: AsgiConnection,
): EnvironFields {
  const { method, protocol, path, query, scriptName, rawFields } = head;
  const version = protocol.slice(protocol.indexOf('/') + 1);
  const headers = rawFields === '' ? fromEnviron(head.headerFields) : rawFields;
  const said = proxies === null ? null : forwardedClient(headers, head.isWebSocket, proxies);
  const scheme = said?.scheme ?? head.scheme;
  const from = said?.client ?? client;
  const shared = `${from?.address ?? ''}\0${from?.port ?? ''}\0${listener.host}\0${listener.port}`;
  const fields = `${method}\0${version}\0${scheme}\0${path}\0${query}\0${shared}\0${scriptName}${headers}`;
  return { fields, rawPath: false, requestStart: peerTrusted ? requestStartMs(`\0${head.headerFields}`) : null };
}

/** If a name occurs twice, applications take the last value, or all; the client's own is not present when an id was generated. */
export function withAsgiRequestId(fields: string, id: string): string {
  return `${fields}\0x-request-id\0${id}`;
}

/** For a head that was read for WSGI, before a reload to ASGI: fields of the same name are joined. */
function fromEnviron(headerFields: string): string {
  const nameOf = (key: string): string =>
    key
      .replace(/^HTTP_/, '')
      .replaceAll('_', '-')
      .toLowerCase();
  const parts = headerFields === '' ? [] : headerFields.split('\0');
  return parts.map((part, index) => `\0${index % 2 === 0 ? nameOf(part) : part}`).join('');
}
