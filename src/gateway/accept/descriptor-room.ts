// How many descriptors a gateway may have, and how many of them are reserved. Without a free descriptor a connection cannot be accepted,
// not even to refuse it; so the last ones are kept for refusals, for the channels of workers and for spool files.

import { readFileSync } from 'node:fs';
import type { Socket } from 'node:net';
import { GATEWAY_MESSAGES } from '../../log/catalog/gateway.ts';
import { type Entry, entry } from '../../log/message.ts';

export interface DescriptorRoom {
  /** Infinity: unknown. */
  readonly limit: number;
  readonly reserved: number;
}

const LEAST_RESERVED = 24;
const MOST_RESERVED = 1024;
/** What a gateway uses before its first connection, roughly. */
const OWN = 32;

/** For this process: Node has raised the soft limit to the hard one. */
export function readDescriptorRoom(): DescriptorRoom {
  try {
    return toDescriptorRoom(readFileSync('/proc/self/limits', 'latin1'));
  } catch {
    return { limit: Number.POSITIVE_INFINITY, reserved: 0 };
  }
}

/** `limits` is the text of /proc/PID/limits. */
export function toDescriptorRoom(limits: string): DescriptorRoom {
  const soft = /^Max open files\s+(\d+)/m.exec(limits)?.[1];
  if (soft === undefined) return { limit: Number.POSITIVE_INFINITY, reserved: 0 };
  const limit = Number(soft);
  return { limit, reserved: Math.min(MOST_RESERVED, Math.max(LEAST_RESERVED, Math.floor(limit / 8))) };
}

/** The kernel hands out the lowest free number: all descriptors below this one are in use, for whatever purpose. */
export function isInReserve({ limit, reserved }: DescriptorRoom, descriptor: number): boolean {
  return descriptor >= limit - reserved;
}

/** The warning if gateway_connections (0: no limit) allows more connections than there are descriptors for. */
export function connectionsWarning({ limit, reserved }: DescriptorRoom, connectionLimit: number): Entry | null {
  const possible = Math.max(0, limit - reserved - OWN);
  if (limit === Number.POSITIVE_INFINITY || (connectionLimit > 0 && connectionLimit <= possible)) return null;
  if (connectionLimit === 0) return entry(GATEWAY_MESSAGES.connectionsUnlimited, { limit, possible });
  return entry(GATEWAY_MESSAGES.connectionLimitTooHigh, { wanted: connectionLimit, limit, possible });
}

/** -1 once it is closed. */
export function descriptorOf(socket: Socket): number {
  // Node has no public name for it.
  const { _handle: handle } = socket as { _handle?: { readonly fd?: number } | null };
  return handle?.fd ?? -1;
}
