// Checks IP addresses and networks as strictly as Python's ipaddress.ip_network(). Pure.

import { isIPv4, isIPv6 } from 'node:net';

/** An address, or `address/prefix` (for IPv4 also `address/mask`) in which no bit of the host part is set. */
export function isNetwork(text: string): boolean {
  const slash = text.indexOf('/');
  const address = slash === -1 ? text : text.slice(0, slash);
  const bits = isIPv4(address)
    ? bitsOfIPv4(address)
    : isIPv6(address) && !address.includes('%')
      ? bitsOfIPv6(address)
      : null;
  if (bits === null) return false;
  if (slash === -1) return true;
  const prefix = prefixLength(text.slice(slash + 1), bits.length);
  return prefix !== null && !bits.slice(prefix).includes('1');
}

/** Null if it is neither a number of bits up to `width` nor, for IPv4, a mask such as 255.255.0.0. */
export function prefixLength(text: string, width: number): number | null {
  if (/^\d{1,3}$/.test(text)) {
    const prefix = Number(text);
    return prefix <= width ? prefix : null;
  }
  if (width !== 32 || !isIPv4(text)) return null;
  const mask = bitsOfIPv4(text);
  return /^1*0*$/.test(mask) ? mask.lastIndexOf('1') + 1 : null;
}

function bitsOfIPv4(address: string): string {
  return address
    .split('.')
    .map((part) => binary(Number(part), 8))
    .join('');
}

function bitsOfIPv6(address: string): string {
  const [left = '', right = ''] = address.split('::');
  const head = groupsOf(left);
  const tail = groupsOf(right);
  const zeros = address.includes('::') ? '0'.repeat(128 - head.length - tail.length) : '';
  return head + zeros + tail;
}

/** The bits of `a:b:c`, whose last part may be an IPv4 address. */
function groupsOf(text: string): string {
  if (text === '') return '';
  const parts = text.split(':');
  return parts.map((part) => (part.includes('.') ? bitsOfIPv4(part) : binary(Number.parseInt(part, 16), 16))).join('');
}

function binary(value: number, width: number): string {
  return value.toString(2).padStart(width, '0');
}
