// The fields of a ticket for an ASGI application: ten of them by their place, then the header fields as they came, names in lower case; NUL
// between all of them. python/tunicorn/asgi/scope.py reads them.

import type { ListenerAddress } from '../messages/between-arbiter-and-gateway.ts';
import type { EnvironFields } from './environ-fields.ts';
import type { ProxyEndpoint } from './http/proxy-protocol.ts';
import type { RequestHead } from './http/request-head.ts';
import { requestStartMs } from './request-start.ts';

/** The name of the last pair, if a file holds the body; the space keeps it apart from every header's name. */
export const ASGI_SPOOL = ' spool';

/** Client and server, which all requests of a connection share. `client` is null for a Unix socket, and where a PROXY header does not say. */
export function asgiConnectionFields(listener: ListenerAddress, client: ProxyEndpoint | null): string {
  return `${client?.address ?? ''}\0${client?.port ?? ''}\0${listener.host}\0${listener.port}`;
}

export function asgiFields(head: RequestHead, shared: string, peerTrusted: boolean): EnvironFields {
  const { method, protocol, scheme, path, query, scriptName, rawFields } = head;
  const version = protocol.slice(protocol.indexOf('/') + 1);
  const headers = rawFields === '' ? fromEnviron(head.headerFields) : rawFields;
  const fields = `${method}\0${version}\0${scheme}\0${path}\0${query}\0${shared}\0${scriptName}${headers}`;
  return { fields, rawPath: false, requestStart: peerTrusted ? requestStartMs(`\0${head.headerFields}`) : null };
}

/** Of a name that occurs twice, applications take the last, or all; that of the client is not among them where one was made. */
export function withAsgiRequestId(fields: string, id: string): string {
  return `${fields}\0x-request-id\0${id}`;
}

/** Of a head that was read for WSGI, before a reload to ASGI: fields of one name are one. */
function fromEnviron(headerFields: string): string {
  const nameOf = (key: string): string =>
    key
      .replace(/^HTTP_/, '')
      .replaceAll('_', '-')
      .toLowerCase();
  const parts = headerFields === '' ? [] : headerFields.split('\0');
  return parts.map((part, index) => `\0${index % 2 === 0 ? nameOf(part) : part}`).join('');
}
