// How a client reached the gateway: known before the first byte of HTTP, and the same for all requests of the connection.

import type { Socket } from 'node:net';
import type { ListenerAddress } from '../../messages/between-arbiter-and-gateway.ts';
import type { ProxyEndpoint, ProxyHeader } from './proxy-protocol.ts';
import type { TrustedPeers } from './trusted-peers.ts';

export interface Transport {
  /** https: the connection itself is TLS. */
  readonly scheme: 'http' | 'https';
  readonly listener: ListenerAddress;
  /** The other end of the socket, on which trust is based; null for a Unix socket. */
  readonly peer: ProxyEndpoint | null;
  /** Null without a PROXY header. */
  readonly proxy: ProxyHeader | null;
  /** `performance.now()` at the accept. */
  readonly connectedMs: number;
}

export function plainTransport(socket: Socket, listener: ListenerAddress, connectedMs: number): Transport {
  const isUnix = listener.kind === 'unix';
  const peer = isUnix ? null : { address: socket.remoteAddress ?? '', port: String(socket.remotePort ?? '') };
  return { scheme: 'http', listener, peer, proxy: null, connectedMs };
}

/** The client: the peer, or the one that its PROXY header names. Null for a Unix socket. */
export function clientOf({ peer, proxy }: Transport): ProxyEndpoint | null {
  return proxy?.source ?? peer;
}

export function isPeerTrusted({ peer }: Transport, trusted: TrustedPeers): boolean {
  return trusted.trusts(peer?.address ?? null);
}
