// Parses the setting `bind`: HOST, HOST:PORT, :PORT, [IPV6]:PORT, tcp://…, unix:PATH, fd://N. Pure: host names are resolved when the
// sockets are bound.

import { isIP, isIPv6 } from 'node:net';

export type BindAddress =
  | { readonly kind: 'tcp'; readonly text: string; readonly host: string; readonly port: number }
  | { readonly kind: 'unix'; readonly text: string; readonly path: string }
  | { readonly kind: 'fd'; readonly text: string; readonly fd: number };

export type ParsedBind =
  | { readonly ok: true; readonly address: BindAddress }
  | { readonly ok: false; readonly message: string };

export type ParsedBinds =
  | { readonly ok: true; readonly addresses: readonly BindAddress[] }
  | { readonly ok: false; readonly message: string };

const DEFAULT_PORT = 8000;
const FORMS = 'HOST, HOST:PORT, :PORT, [IPV6]:PORT, unix:PATH or fd://N';

/**
 * Parses all values of `bind`. Repeated addresses count once, except with port 0, where each gets its own port.
 */
export function parseBindAddresses(texts: readonly string[]): ParsedBinds {
  const addresses: BindAddress[] = [];
  for (const text of texts) {
    const parsed = parseBindAddress(text);
    if (!parsed.ok) return parsed;
    const { address } = parsed;
    const isRepeated = addresses.some((other) => isSameBind(other, address));
    if (!isRepeated || (address.kind === 'tcp' && address.port === 0)) addresses.push(address);
  }
  return { ok: true, addresses };
}

export function parseBindAddress(text: string): ParsedBind {
  if (text.startsWith('unix:')) return parseUnix(text);
  if (text.startsWith('fd://')) return parseDescriptor(text);
  return parseTcp(text);
}

/** An address that names everything: a path, or a port. Other servers may be at the default port. */
export function isOwnAddress(text: string): boolean {
  const parsed = parseBindAddress(text);
  if (!parsed.ok || parsed.address.kind === 'fd') return false;
  return parsed.address.kind === 'unix' || text.endsWith(`:${parsed.address.port}`);
}

/** Whether only processes of this machine can connect to it. */
export function isLocalOnly(address: BindAddress): boolean {
  if (address.kind !== 'tcp') return true;
  return address.host === 'localhost' || address.host === '::1' || /^127\.\d+\.\d+\.\d+$/.test(address.host);
}

export function isSameBind(a: BindAddress, b: BindAddress): boolean {
  if (a.kind === 'tcp') return b.kind === 'tcp' && a.host === b.host && a.port === b.port;
  if (a.kind === 'unix') return b.kind === 'unix' && a.path === b.path;
  return b.kind === 'fd' && a.fd === b.fd;
}

function parseUnix(text: string): ParsedBind {
  // `unix:///run/app.sock` and `unix:/run/app.sock` are the same path, `unix:app.sock` is relative.
  const path = text.startsWith('unix://') ? text.slice('unix://'.length) : text.slice('unix:'.length);
  if (path === '') return refuse(text, 'the path is missing');
  if (path.includes('\0')) return refuse(text, 'the path contains a NUL character');
  return { ok: true, address: { kind: 'unix', text, path } };
}

function parseDescriptor(text: string): ParsedBind {
  const number = text.slice('fd://'.length);
  if (!/^[0-9]{1,9}$/.test(number)) return refuse(text, `'${number}' is not a valid file descriptor.`);
  return { ok: true, address: { kind: 'fd', text, fd: Number(number) } };
}

function parseTcp(text: string): ParsedBind {
  const rest = text.startsWith('tcp://') ? text.slice('tcp://'.length) : text;
  if (rest === '') return { ok: true, address: { kind: 'tcp', text, host: '0.0.0.0', port: DEFAULT_PORT } };
  const bracketed = /^\[([^\]]*)\](.*)$/s.exec(rest);
  if (bracketed !== null) {
    const [, host = '', tail = ''] = bracketed;
    if (!isIPv6(host)) return refuse(text, `'${host}' is not an IPv6 address`);
    if (tail !== '' && !tail.startsWith(':')) return refuse(text, `'${tail}' after the bracket is not a port`);
    return withPort(text, host, tail === '' ? undefined : tail.slice(1));
  }
  const [host = '', port, ...more] = rest.split(':');
  if (more.length > 0) {
    const hint = isIPv6(rest) ? `An IPv6 address goes in brackets: '[${rest}]:${DEFAULT_PORT}'` : 'Too many colons';
    return refuse(text, `'${port}' is not a valid port number. ${hint}`);
  }
  if (host.includes('/')) return refuse(text, `'${host}' is not a host name. A Unix socket is written 'unix:PATH'`);
  if (!/^[^\s[\]\\@?#%]*$/.test(host)) return refuse(text, `'${host}' is not a host name`);
  return withPort(text, host, port);
}

function withPort(text: string, host: string, port: string | undefined): ParsedBind {
  if (port !== undefined && !(/^[0-9]{1,5}$/.test(port) && Number(port) <= 65535)) {
    return refuse(text, `'${port}' is not a valid port number.`);
  }
  const number = port === undefined ? DEFAULT_PORT : Number(port);
  return { ok: true, address: { kind: 'tcp', text, host: host.toLowerCase(), port: number } };
}

function refuse(text: string, reason: string): ParsedBind {
  const end = reason.endsWith('.') ? '' : '.';
  return { ok: false, message: `'${text}' is not a valid bind address: ${reason}${end} Wanted: ${FORMS}` };
}

/**
 * Whether a socket of `a` may keep one of `b` from being bound: with equal ports, if one host is a wildcard (certainly) or a name that
 * only the resolver knows (possibly).
 */
export function mayCollide(a: BindAddress, b: BindAddress): boolean {
  if (a.kind !== 'tcp' || b.kind !== 'tcp') return a.kind === b.kind && isSameBind(a, b);
  if (a.port !== b.port || a.port === 0) return false;
  return a.host === b.host || !isPlainAddress(a.host) || !isPlainAddress(b.host);
}

function isPlainAddress(host: string): boolean {
  return isIP(host) !== 0 && host !== '0.0.0.0' && !/^[0:]+$/.test(host);
}
