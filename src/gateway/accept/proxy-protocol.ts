// The PROXY protocol, versions 1 and 2 (haproxy's proxy-protocol.txt): before the first byte of HTTP, a proxy names the client on whose
// behalf it connects. Each new connection has its own reader while proxy_protocol is on.

import { isIPv4, isIPv6, SocketAddress } from 'node:net';
import { Refusal } from '../http1/refusal.ts';

/** The accepted versions; `auto` is both. */
export type ProxyProtocolMode = 'v1' | 'v2' | 'auto';

export interface ProxyEndpoint {
  readonly address: string;
  readonly port: string;
}

export type ProxyHeader =
  | { readonly protocol: 'TCP4' | 'TCP6'; readonly source: ProxyEndpoint; readonly destination: ProxyEndpoint }
  /** The proxy speaks for itself, or does not name the client: the addresses of the socket hold. */
  | { readonly protocol: 'LOCAL' | 'UNSPEC' | 'UNKNOWN'; readonly source: null; readonly destination: null };

export type ProxyHeaderProgress =
  | { readonly kind: 'more' }
  /** `end` is the offset in the chunk of the first byte after the header. */
  | { readonly kind: 'header'; readonly header: ProxyHeader; readonly end: number }
  /** HTTP begins with the first byte; `before` holds the bytes that earlier chunks brought. */
  | { readonly kind: 'absent'; readonly before: Buffer }
  | { readonly kind: 'refused'; readonly refusal: Refusal };

/** A header and its length; or what to do without one. */
type Reading = { readonly header: ProxyHeader; readonly bytes: number } | 'more' | 'absent' | Refusal;

const V1_PREFIX: Buffer = Buffer.from('PROXY ', 'latin1');
const V2_SIGNATURE: Buffer = Buffer.from('\r\n\r\n\0\r\nQUIT\n', 'latin1');
/** The specification's bound for a v1 header with its CRLF. No part of a v2 header that matters here is longer. */
const V1_MAX_BYTES = 107;
const V2_FIXED_BYTES = 16;
/** Two addresses and two ports. */
const V2_ADDRESS_BYTES = { TCP4: 12, TCP6: 36 } as const;
const MORE: ProxyHeaderProgress = { kind: 'more' };

export class ProxyHeaderReader {
  readonly #mode: ProxyProtocolMode;
  readonly #forbiddenPeer: string | null;
  #kept: Buffer = Buffer.alloc(0);
  /** A v2 header that is understood, but whose extensions have not all arrived; they are skipped and not stored. */
  #passing: { readonly header: ProxyHeader; readonly bytesLeft: number } | null = null;

  /** `forbiddenPeer`: the address of a peer that may not send a header; null if this one may. */
  constructor(mode: ProxyProtocolMode, forbiddenPeer: string | null) {
    this.#mode = mode;
    this.#forbiddenPeer = forbiddenPeer;
  }

  /** Whether a header has begun: the proxy owes the rest of it. */
  get unfinished(): boolean {
    return this.#kept.length > 0 || this.#passing !== null;
  }

  push(chunk: Buffer, start: number): ProxyHeaderProgress {
    if (this.#passing !== null) return this.#pass(this.#passing.header, this.#passing.bytesLeft, chunk, start);
    const before = this.#kept;
    const bytes = Buffer.concat([before, chunk.subarray(start, start + V1_MAX_BYTES - before.length)]);
    const reading = readProxyHeader(bytes, this.#mode, this.#forbiddenPeer);
    if (reading === 'absent') return { kind: 'absent', before };
    if (reading instanceof Refusal) return { kind: 'refused', refusal: reading };
    if (reading === 'more') {
      this.#kept = bytes;
      return MORE;
    }
    return this.#pass(reading.header, reading.bytes - before.length, chunk, start);
  }

  #pass(header: ProxyHeader, bytesLeft: number, chunk: Buffer, start: number): ProxyHeaderProgress {
    const end = start + bytesLeft;
    if (end <= chunk.length) return { kind: 'header', header, end };
    this.#passing = { header, bytesLeft: end - chunk.length };
    return MORE;
  }
}

/** Both forms differ from HTTP in their first bytes, so a peer that may not send them is refused before they are read. */
function readProxyHeader(bytes: Buffer, mode: ProxyProtocolMode, forbiddenPeer: string | null): Reading {
  const v2 = mode === 'v1' ? 'no' : beginsWith(bytes, V2_SIGNATURE);
  const v1 = mode === 'v2' ? 'no' : beginsWith(bytes, V1_PREFIX);
  if (v1 === 'no' && v2 === 'no') return 'absent';
  if (v1 !== 'yes' && v2 !== 'yes') return 'more';
  if (forbiddenPeer !== null) return new Refusal('ForbiddenProxyRequest', forbiddenPeer);
  return v1 === 'yes' ? readV1(bytes) : readV2(bytes);
}

function beginsWith(bytes: Buffer, wanted: Buffer): 'yes' | 'no' | 'so far' {
  const length = Math.min(bytes.length, wanted.length);
  if (bytes.compare(wanted, 0, length, 0, length) !== 0) return 'no';
  return length === wanted.length ? 'yes' : 'so far';
}

function readV1(bytes: Buffer): Reading {
  const lineEnd = bytes.indexOf('\r\n', 0, 'latin1');
  const line = bytes.toString('latin1', 0, lineEnd < 0 ? bytes.length : lineEnd);
  if (lineEnd < 0) return bytes.length < V1_MAX_BYTES ? 'more' : new Refusal('InvalidProxyLine', line);
  const header = parseV1Line(line);
  return header === null ? new Refusal('InvalidProxyLine', line) : { header, bytes: lineEnd + 2 };
}

function parseV1Line(line: string): ProxyHeader | null {
  // The specification allows anything after UNKNOWN, but line ends and other control characters never occur.
  if (/^PROXY UNKNOWN(?: [\x20-\x7e]*)?$/.test(line)) return withoutAddresses('UNKNOWN');
  const [, protocol, source = '', destination = '', sourcePort = '', destinationPort = '', ...rest] = line.split(' ');
  if (rest.length > 0 || (protocol !== 'TCP4' && protocol !== 'TCP6')) return null;
  const isAddress = protocol === 'TCP4' ? isIPv4 : isIPv6WithoutZone;
  if (!isAddress(source) || !isAddress(destination)) return null;
  if (!isPort(sourcePort) || !isPort(destinationPort)) return null;
  return {
    protocol,
    source: { address: source, port: sourcePort },
    destination: { address: destination, port: destinationPort },
  };
}

/** Leading zeros are not permitted, because some programs read them as octal. */
function isPort(text: string): boolean {
  return /^(?:0|[1-9]\d{0,4})$/.test(text) && Number(text) <= 65_535;
}

function isIPv6WithoutZone(text: string): boolean {
  return isIPv6(text) && !text.includes('%');
}

function readV2(bytes: Buffer): Reading {
  if (bytes.length < V2_FIXED_BYTES) return 'more';
  const versionAndCommand = bytes.readUInt8(12);
  const familyAndTransport = bytes.readUInt8(13);
  const length = bytes.readUInt16BE(14);
  const total = V2_FIXED_BYTES + length;
  if (versionAndCommand >> 4 !== 2) return invalid(`unsupported version ${versionAndCommand >> 4}`);
  const command = versionAndCommand & 0xf;
  if (command > 1) return invalid(`unsupported command ${command}`);
  // LOCAL: the proxy's own connection, such as a health check; the rest of the header is to be ignored.
  if (command === 0) return { header: withoutAddresses('LOCAL'), bytes: total };

  const family = familyAndTransport >> 4;
  const transport = familyAndTransport & 0xf;
  const isUnspecified = family === 0 && transport === 0;
  if (transport !== 1 && !isUnspecified) return invalid('only TCP protocol is supported');
  if (family === 0) return { header: withoutAddresses('UNSPEC'), bytes: total };
  if (family > 2) return invalid(`unsupported address family ${family}`);
  const protocol = family === 1 ? 'TCP4' : 'TCP6';
  const needed = V2_ADDRESS_BYTES[protocol];
  if (length < needed) return invalid(`insufficient address data for IPv${family === 1 ? 4 : 6}`);
  if (bytes.length < V2_FIXED_BYTES + needed) return 'more';

  const addressAt = protocol === 'TCP4' ? ipv4At : ipv6At;
  const addressBytes = (needed - 4) / 2;
  const ports = V2_FIXED_BYTES + needed - 4;
  const source = addressAt(bytes, V2_FIXED_BYTES);
  const destination = addressAt(bytes, V2_FIXED_BYTES + addressBytes);
  return {
    header: {
      protocol,
      source: { address: source, port: String(bytes.readUInt16BE(ports)) },
      destination: { address: destination, port: String(bytes.readUInt16BE(ports + 2)) },
    },
    bytes: total,
  };
}

function ipv4At(bytes: Buffer, at: number): string {
  return bytes.subarray(at, at + 4).join('.');
}

/** In the short form, like the socket's own address. */
function ipv6At(bytes: Buffer, at: number): string {
  const groups = Array.from({ length: 8 }, (_, group) => bytes.readUInt16BE(at + 2 * group).toString(16));
  return new SocketAddress({ address: groups.join(':'), family: 'ipv6' }).address;
}

function withoutAddresses(protocol: 'LOCAL' | 'UNSPEC' | 'UNKNOWN'): ProxyHeader {
  return { protocol, source: null, destination: null };
}

function invalid(problem: string): Refusal {
  return new Refusal('InvalidProxyHeader', problem);
}
