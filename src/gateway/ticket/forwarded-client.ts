// The client as proxies report it in X-Forwarded-For and X-Forwarded-Proto, by the rules of uvicorn's workers: for the scope of ASGI
// applications that run under those names. The fields count if the peer is trusted. Pure.

import type { ProxyEndpoint } from '../accept/proxy-protocol.ts';
import type { TrustedPeers } from '../accept/trusted-peers.ts';

export interface ForwardedClient {
  /** Null: the fields do not name it. */
  readonly client: ProxyEndpoint | null;
  readonly scheme: string | null;
}

const NOTHING: ForwardedClient = { client: null, scheme: null };
const SCHEMES: readonly string[] = ['http', 'https', 'ws', 'wss'];
const MAX_PORT = 65_535;

/** `headers` as in a ticket: `NUL host NUL example.com NUL accept NUL …`. */
export function forwardedClient(headers: string, isWebSocket: boolean, proxies: TrustedPeers): ForwardedClient {
  // The full search costs more than most requests are worth; a value that merely looks like a name does no harm.
  if (!headers.includes('\0x-forwarded-')) return NOTHING;
  const pairs = headers.split('\0');
  const addresses: string[] = [];
  let proto = '';
  // The text begins with a NUL, and so the list with an empty string.
  for (let at = 1; at < pairs.length - 1; at += 2) {
    const value = pairs[at + 1] ?? '';
    if (pairs[at] === 'x-forwarded-for') addresses.push(...value.split(','));
    else if (pairs[at] === 'x-forwarded-proto') proto = value.trim();
  }
  return { client: nearestClient(addresses, proxies), scheme: schemeOf(proto, isWebSocket) };
}

/** Each proxy appends the address of its own peer: the last one that is not a proxy is the client. */
function nearestClient(addresses: readonly string[], proxies: TrustedPeers): ProxyEndpoint | null {
  const endpoints = addresses.map((text) => endpointOf(text.trim()));
  const stranger = proxies.trustsAll ? undefined : endpoints.findLast(({ address }) => !proxies.trusts(address));
  const client = stranger ?? endpoints[0];
  return client === undefined || client.address === '' ? null : client;
}

/** `ADDRESS`, `IPv4:PORT` or `[IPv6]:PORT`. Anything else stays unchanged, so that it does not pass for a proxy's address. */
function endpointOf(text: string): ProxyEndpoint {
  const found = /^(?:\[([^\]]*)\](?::(.*))?|([^:]*):([^:]*))$/.exec(text);
  const address = found?.[1] ?? found?.[3];
  if (found === null || address === undefined) return { address: text, port: '0' };
  const port = found[2] ?? found[4] ?? '0';
  if (/^\d{1,5}$/.test(port) && Number(port) <= MAX_PORT) return { address, port };
  return { address: found[1] ?? text, port: '0' };
}

/** Tickets have `https` for a WebSocket over TLS, too. */
function schemeOf(proto: string, isWebSocket: boolean): string | null {
  if (!SCHEMES.includes(proto)) return null;
  return isWebSocket ? proto.replace('ws', 'http') : proto;
}
