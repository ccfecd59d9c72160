// The authority of a URI: host and port (RFC 3986 section 3.2), in a request target and in the Host field.

import { isIPv6 } from 'node:net';

const REG_NAME = /^(?:[A-Za-z0-9\-._~!$&'()*+,;=]|%[0-9A-Fa-f]{2})*$/;
const USERINFO = /^(?:[A-Za-z0-9\-._~!$&'()*+,;=:]|%[0-9A-Fa-f]{2})*$/;
// The form of nearly every Host field: one test instead of two.
const PLAIN_HOST = /^[A-Za-z0-9.-]+(?::\d+)?$/;
const HOST_AND_PORT = /^(\[[^[\]]*\]|[^@:[\]]*)(?::(\d*))?$/;
const IP_FUTURE = /^v[0-9a-f]+\.[A-Za-z0-9\-._~!$&'()*+,;=:]+$/i;

export interface HostAndPort {
  /** An IPv6 address with its brackets. */
  readonly host: string;
  /** Without the colon; null: neither. */
  readonly port: string | null;
}

/** Null if `text` is not a host with or without a port, as in a target and in a Host field. Either may be empty. */
export function parseHostAndPort(text: string): HostAndPort | null {
  const parts = HOST_AND_PORT.exec(text);
  const host = parts?.[1];
  if (host === undefined) return null;
  if (host.startsWith('[')) {
    const literal = host.slice(1, -1);
    if (!isIPv6(literal) && !IP_FUTURE.test(literal)) return null;
  } else if (!REG_NAME.test(host)) {
    return null;
  }
  return { host, port: parts?.[2] ?? null };
}

/** The form of a Host field. */
export function isHostValue(value: string): boolean {
  return PLAIN_HOST.test(value) || parseHostAndPort(value) !== null;
}

/** What may precede the `@` of an authority. */
export function isUserinfo(text: string): boolean {
  return USERINFO.test(text);
}
