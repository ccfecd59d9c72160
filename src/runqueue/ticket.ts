// Tickets: one parsed request each, as 4096 bytes in a generation's pipe. RUNQUEUE.md draws them. The gateway writes them; `readTicket` is
// for tests and tools, and the worker's reader is python/tunicorn/runqueue/ticket.py.

import { latin1Text, writeLatin1 } from './latin1.ts';

/** Size of every ticket: PIPE_BUF on Linux, so that one write is atomic and one read takes one ticket. */
export const TICKET_BYTES = 4096;
const TICKET_HEADER_BYTES = 32;
/** Room for fields and body together in a ticket that contains them. */
export const TICKET_ROOM_BYTES: number = TICKET_BYTES - TICKET_HEADER_BYTES;

const TICKET_RUN = 1;
const TICKET_PROBE = 2;

/** Fields and body are sent on the channel. */
const TICKET_FOLLOWS = 1;
/** PATH_INFO is still percent-encoded. */
const TICKET_RAW_PATH = 2;
/** The body is incomplete: it is sent on the channel, piece by piece, once the worker has sent WATCH. */
export const TICKET_STREAMED = 4;
/** The request is a WebSocket handshake. */
export const TICKET_UPGRADE = 8;

const KNOWN_FLAGS: number = TICKET_FOLLOWS | TICKET_RAW_PATH | TICKET_STREAMED | TICKET_UPGRADE;

const LONGEST_WAIT_MS = 65_535;
const TWO_TO_32 = 2 ** 32;

export interface TicketAddress {
  readonly id: number;
  /** Number of the gateway process that waits for the answer. */
  readonly gateway: number;
  /** Index into the cancel table of the claims board. */
  readonly cancel: number;
}

/** A ticket to be run. */
export interface RunTicket extends TicketAddress {
  /** Code points below 256. */
  readonly fields: string;
  readonly rawPath: boolean;
  readonly body: Buffer | null;
  /** How long the request waited for a worker; the ticket has whole milliseconds, up to 65,535. */
  readonly waitedMs: number;
  /** TICKET_STREAMED or TICKET_UPGRADE, neither of which has a body, or 0. */
  readonly kind: number;
}

/** Writes a run ticket at `offset`. Sets FOLLOWS if fields and body are too long for it. */
export function writeRunTicket(target: Buffer, offset: number, ticket: RunTicket): void {
  const { fields, body, rawPath, waitedMs, kind } = ticket;
  const bodyBytes = body === null ? 0 : body.length;
  const follows = fields.length + bodyBytes > TICKET_ROOM_BYTES;
  const flags = (follows ? TICKET_FOLLOWS : 0) | (rawPath ? TICKET_RAW_PATH : 0) | kind;
  const used = follows ? TICKET_HEADER_BYTES : TICKET_HEADER_BYTES + fields.length + bodyBytes;
  const kindAndWait = TICKET_RUN | (flags << 8) | (Math.min(waitedMs, LONGEST_WAIT_MS) << 16);
  writeHeader(target, offset, used, kindAndWait);
  writeAddress(target, offset, ticket);
  writeLengths(target, offset, fields.length, bodyBytes);
  if (follows) return;
  writeLatin1(target, fields, offset + TICKET_HEADER_BYTES);
  if (body !== null) body.copy(target, offset + TICKET_HEADER_BYTES + fields.length);
}

/** Writes a probe: a worker that takes it reports so on the channel and runs nothing. */
export function writeProbeTicket(target: Buffer, offset: number, address: TicketAddress): void {
  writeHeader(target, offset, TICKET_HEADER_BYTES, TICKET_PROBE);
  writeAddress(target, offset, address);
  writeLengths(target, offset, 0, 0);
}

function writeHeader(target: Buffer, offset: number, used: number, kindFlagsAndWait: number): void {
  target.writeUInt32LE(used, offset);
  // A shift of 16 may have made it negative.
  target.writeUInt32LE(kindFlagsAndWait >>> 0, offset + 4);
}

function writeAddress(target: Buffer, offset: number, address: TicketAddress): void {
  target.writeUInt32LE(address.id % TWO_TO_32, offset + 8);
  target.writeUInt32LE(Math.floor(address.id / TWO_TO_32), offset + 12);
  target.writeUInt32LE(address.gateway, offset + 16);
  target.writeUInt32LE(address.cancel, offset + 20);
}

function writeLengths(target: Buffer, offset: number, fieldsBytes: number, bodyBytes: number): void {
  target.writeUInt32LE(fieldsBytes, offset + 24);
  target.writeUInt32LE(bodyBytes, offset + 28);
}

export interface Ticket extends TicketAddress {
  readonly kind: 'run' | 'probe';
  readonly follows: boolean;
  readonly rawPath: boolean;
  readonly streamed: boolean;
  readonly upgrade: boolean;
  /** How long the request waited for a worker, at most 65,535. */
  readonly waitedMs: number;
  readonly fieldsBytes: number;
  readonly bodyBytes: number;
  /** Empty when the ticket FOLLOWS. */
  readonly fields: string;
  readonly body: Buffer;
}

/**
 * Reads the ticket in `source` (4096 bytes from `offset`); a string describes the mistake.
 * @internal for tests and tools
 */
export function readTicket(source: Buffer, offset: number): Ticket | string {
  if (source.length - offset < TICKET_BYTES) return `a ticket has ${TICKET_BYTES} bytes, got ${source.length - offset}`;
  const used = source.readUInt32LE(offset);
  if (used < TICKET_HEADER_BYTES || used > TICKET_BYTES) return `length ${used} is not in 32 to 4096`;
  const kind = source[offset + 4] ?? 0;
  const flags = source[offset + 5] ?? 0;
  if (kind !== TICKET_RUN && kind !== TICKET_PROBE) return `kind ${kind} is not 1 or 2`;
  if ((flags & ~KNOWN_FLAGS) !== 0) return `flags ${flags} has unknown bits`;
  const waitedMs = source.readUInt16LE(offset + 6);
  const fieldsBytes = source.readUInt32LE(offset + 24);
  const bodyBytes = source.readUInt32LE(offset + 28);
  const follows = (flags & TICKET_FOLLOWS) !== 0;
  const expected = TICKET_HEADER_BYTES + (follows ? 0 : fieldsBytes + bodyBytes);
  if (used !== expected) return `length ${used} differs from header, fields and body (${expected})`;
  if (kind === TICKET_PROBE && (flags !== 0 || waitedMs + fieldsBytes + bodyBytes !== 0))
    return 'a probe carries nothing';
  const streamed = (flags & TICKET_STREAMED) !== 0;
  const upgrade = (flags & TICKET_UPGRADE) !== 0;
  if (streamed && upgrade) return 'a ticket is STREAMED or an UPGRADE, not both';
  if ((streamed || upgrade) && bodyBytes !== 0)
    return `a ticket that is STREAMED or an UPGRADE names a body of ${bodyBytes} bytes`;
  const id = source.readUInt32LE(offset + 12) * TWO_TO_32 + source.readUInt32LE(offset + 8);
  if (id === 0 || id > Number.MAX_SAFE_INTEGER) return 'id is not in 1 to 2^53 - 1';
  const fieldsStart = offset + TICKET_HEADER_BYTES;
  const fieldsEnd = follows ? fieldsStart : fieldsStart + fieldsBytes;
  return {
    kind: kind === TICKET_RUN ? 'run' : 'probe',
    follows,
    rawPath: (flags & TICKET_RAW_PATH) !== 0,
    streamed,
    upgrade,
    waitedMs,
    id,
    gateway: source.readUInt32LE(offset + 16),
    cancel: source.readUInt32LE(offset + 20),
    fieldsBytes,
    bodyBytes,
    fields: latin1Text(source, fieldsStart, fieldsEnd),
    body: source.subarray(fieldsEnd, offset + used),
  };
}
