// The handshake of a WebSocket (RFC 6455 section 4.2.1): whether a request is one, and whether it is valid. Pure.

import { lastPair } from '../../ticket/environ-pairs.ts';
import { Refusal } from '../refusal.ts';
import type { HeaderBlock } from './header-block.ts';

/** The protocol version of RFC 6455, and the only one in use. */
const VERSION = '13';
/** 16 bytes in base64. */
const KEY = /^[+/0-9A-Za-z]{22}==$/;

/** Upgrade is a list of protocols in any case (RFC 9110 section 7.8). */
export function offersWebSocket({ environFields }: Pick<HeaderBlock, 'environFields'>): boolean {
  const offered = lastPair(environFields, 'HTTP_UPGRADE')?.toLowerCase().split(',') ?? [];
  return offered.some((protocol) => protocol.trim() === 'websocket');
}

/** Null: valid. */
export function checkHandshake(environFields: string): Refusal | null {
  const version = lastPair(environFields, 'HTTP_SEC_WEBSOCKET_VERSION');
  if (version !== VERSION) return new Refusal('UpgradeRequired', version ?? '');
  const key = lastPair(environFields, 'HTTP_SEC_WEBSOCKET_KEY');
  return key !== undefined && KEY.test(key) ? null : new Refusal('InvalidHandshake', key ?? '');
}
