// Reasons to refuse a well-formed head before reading any of its body. Pure.

import type { HttpSettings } from '../http-settings.ts';
import { checkHandshake } from '../http1/head/handshake.ts';
import type { RequestHead } from '../http1/head/request-head.ts';
import { Refusal } from '../http1/refusal.ts';

export function headRefusal(
  { framing, headerFields, isWebSocket }: RequestHead,
  { dialect, limitRequestBodyBytes }: Pick<HttpSettings, 'dialect' | 'limitRequestBodyBytes'>,
): Refusal | null {
  const wrong = isWebSocket && dialect === 'asgi' ? checkHandshake(headerFields) : null;
  if (wrong !== null) return wrong;
  if (framing.kind !== 'length' || limitRequestBodyBytes <= 0 || framing.bytes <= limitRequestBodyBytes) return null;
  return new Refusal('ContentTooLarge', `${framing.bytes} > ${limitRequestBodyBytes} bytes`);
}
