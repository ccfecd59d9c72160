// The fields of a ticket for an ASGI application: by their place, then the header fields as they came (names in lower case), NUL between
// all of them. python/tunicorn/asgi/scope.py reads them.

import type { ListenerAddress } from '../messages/between-arbiter-and-gateway.ts';
import type { EnvironFields } from './environ-fields.ts';
import type { ProxyEndpoint } from './http/proxy-protocol.ts';
import type { RequestHead } from './http/request-head.ts';
import { requestStartMs } from './request-start.ts';

/** The part that all requests of a connection share: client and server. `peer` is null for a Unix socket. */
export function connectionFieldsOfAsgi(listener: ListenerAddress, peer: ProxyEndpoint | null): string {
  const client = peer === null ? '\0' : `${peer.address}\0${peer.port}`;
  return `\0${client}\0${listener.host}\0${listener.port}\0`;
}

/** The place after `root_path` is that of the spooled body's file. */
export function asgiFields(head: RequestHead, shared: string, peerTrusted: boolean, spoolPath: string): EnvironFields {
  const { method, protocol, scheme, path, query, scriptName, asgiHeaders } = head;
  const version = protocol.slice(protocol.indexOf('/') + 1);
  const fields = `${method}\0${version}\0${scheme}\0${path}\0${query}${shared}${scriptName}\0${spoolPath}${asgiHeaders()}`;
  return { fields, rawPath: false, requestStart: peerTrusted ? requestStartMs(`\0${head.headerFields}`) : null };
}
