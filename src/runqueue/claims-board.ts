// The claims board: which tickets the workers are running, and which tickets are cancelled. RUNQUEUE.md draws it. The arbiter creates it;
// gateways and the arbiter read it with positioned reads, which see the workers' mapped writes immediately.

import fs from 'node:fs';
import { boardPath } from './runtime-files.ts';
import { writeZeros } from './zeros.ts';

export const BOARD_HEADER_BYTES = 64;
export const WORKER_SLOT_BYTES = 64;
/**
 * A worker has as many consecutive slots as it runs requests concurrently. They are assigned in rotation, so that a slot is reused long
 * after every gateway has been notified of its last worker's end. All slots together take 4 MiB.
 */
export const WORKER_SLOTS = 65_536;
/** Cancel entries of each gateway, which limit its outstanding tickets. */
export const CANCELS_PER_GATEWAY = 32_768;

/** The offset of the number of assigned slots in the header. */
const GIVEN_OUT_AT = 24;

/** Bit 53 of a cancel entry, as a bit of its upper half; the bits below are the id. */
const UNLESS_BEGUN = 2 ** 21;

const MAGIC = Buffer.from('TNBORD01', 'latin1');

/**
 * Slots that are read in one go. The arbiter reads every worker's slots several times a second: a buffer for each read would leave some
 * 600 KB/s to the garbage collector, which does not notice memory outside its heap until there is a lot of it.
 */
const SLOTS_AT_ONCE = 256;

export interface Claim {
  /** The ticket being run; 0: none. */
  readonly ticket: number;
  /** CLOCK_MONOTONIC in milliseconds, the clock of `process.hrtime`, which has no `performance.timeOrigin`. */
  readonly startedMs: number;
  /** Since when a slow client has blocked the worker in send(); 0: it is not blocked. */
  readonly heldMs: number;
  readonly gateway: number;
  readonly pid: number;
  /** Number of tickets claimed so far. */
  readonly taken: number;
  /** Identifies the thread that runs it, as faulthandler prints it; 0 if the worker has one thread for all. */
  readonly thread: number;
}

/** The slots of one worker. */
export interface SlotRange {
  readonly slot: number;
  readonly slots: number;
}

/** Decodes one worker slot from `bytes`. */
export function decodeClaim(bytes: Buffer, offset: number): Claim {
  return {
    ticket: readNumber(bytes, offset),
    startedMs: readNumber(bytes, offset + 8) / 1e6,
    heldMs: readNumber(bytes, offset + 16) / 1e6,
    gateway: readNumber(bytes, offset + 24),
    pid: readNumber(bytes, offset + 32),
    taken: readNumber(bytes, offset + 40),
    thread: readNumber(bytes, offset + 48),
  };
}

/** How long the claimed ticket has run at `nowMs`, without the time blocked by a slow client. */
export function claimAgeMs(claim: Claim, nowMs: number): number {
  return (claim.heldMs === 0 ? nowMs : claim.heldMs) - claim.startedMs;
}

/** CLOCK_MONOTONIC in milliseconds, comparable with the times that workers write. */
export function monotonicMs(): number {
  const [seconds, nanoseconds] = process.hrtime();
  return seconds * 1000 + nanoseconds / 1e6;
}

/** The size of the file. */
export function boardBytes(gateways: number): number {
  return BOARD_HEADER_BYTES + WORKER_SLOT_BYTES * WORKER_SLOTS + 8 * CANCELS_PER_GATEWAY * gateways;
}

export class ClaimsBoard {
  readonly #fd: number;
  readonly #slots: number;
  /** As the arbiter has published it. */
  #givenOut = 0;
  readonly #slot: Buffer = Buffer.alloc(WORKER_SLOT_BYTES);
  readonly #entry: Buffer = Buffer.alloc(8);
  readonly #window: Buffer = Buffer.alloc(WORKER_SLOT_BYTES * SLOTS_AT_ONCE);

  private constructor(fd: number, slots: number) {
    this.#fd = fd;
    this.#slots = slots;
  }

  /** Creates the file, zero except for its header, for the user that gateways and workers run as. */
  static create(
    runtimeDir: string,
    gateways: number,
    owner: { readonly userId: number; readonly groupId: number },
  ): ClaimsBoard {
    const cancels = CANCELS_PER_GATEWAY * gateways;
    const header = Buffer.alloc(BOARD_HEADER_BYTES);
    MAGIC.copy(header);
    header.writeUInt32LE(WORKER_SLOTS, 8);
    header.writeUInt32LE(cancels, 16);
    const fd = fs.openSync(boardPath(runtimeDir), 'wx+', 0o600);
    // Written, not merely extended: a worker that touches a page for which the file system has no room left would die of SIGBUS.
    writeZeros(fd, boardBytes(gateways));
    fs.writeSync(fd, header, 0, header.length, 0);
    if (process.geteuid?.() === 0) fs.fchownSync(fd, owner.userId, owner.groupId);
    return new ClaimsBoard(fd, WORKER_SLOTS);
  }

  /** Throws if the file is not a complete board: to rely on such a file would mean to run requests twice. */
  static open(runtimeDir: string): ClaimsBoard {
    const file = boardPath(runtimeDir);
    const fd = fs.openSync(file, 'r+');
    const slots = slotsOf(fd);
    if (typeof slots === 'number') return new ClaimsBoard(fd, slots);
    fs.closeSync(fd);
    throw new Error(`${file}: ${slots}`);
  }

  /** To be called before the first worker with a slot below `end` is forked. Slots beyond it are never read. */
  giveOut(end: number): void {
    if (end <= this.#givenOut) return;
    this.#givenOut = end;
    this.#entry.writeUInt32LE(end, 0);
    this.#entry.writeUInt32LE(0, 4);
    fs.writeSync(this.#fd, this.#entry, 0, 8, GIVEN_OUT_AT);
  }

  claim(slot: number): Claim {
    fs.readSync(this.#fd, this.#slot, 0, WORKER_SLOT_BYTES, BOARD_HEADER_BYTES + WORKER_SLOT_BYTES * slot);
    return decodeClaim(this.#slot, 0);
  }

  /** The tickets that one worker is running. */
  claims({ slot, slots }: SlotRange): Claim[] {
    if (slots === 1) {
      const claim = this.claim(slot);
      return claim.ticket === 0 ? [] : [claim];
    }
    const claims: Claim[] = [];
    this.#scan({ slot, slots }, (bytes, at) => {
      claims.push(decodeClaim(bytes, at));
    });
    return claims;
  }

  /** Number of tickets that one worker has claimed in its life. */
  taken({ slot, slots }: SlotRange): number {
    let taken = 0;
    for (let each = slot; each < slot + slots; each += 1) taken += this.claim(each).taken;
    return taken;
  }

  /** How many tickets one worker runs now, and how many it has claimed in its life. */
  usage({ slot, slots }: SlotRange): { readonly running: number; readonly taken: number } {
    let running = 0;
    let taken = 0;
    this.#read({ slot, slots }, (bytes, at) => {
      if (readNumber(bytes, at) !== 0) running += 1;
      taken += readNumber(bytes, at + 40);
    });
    return { running, taken };
  }

  /** CLOCK_MONOTONIC in milliseconds of the last sign of life of the worker's event loop; 0 if the class has none. */
  beatMs(slot: number): number {
    const at = BOARD_HEADER_BYTES + WORKER_SLOT_BYTES * slot + 56;
    fs.readSync(this.#fd, this.#entry, 0, 8, at);
    return readNumber(this.#entry, 0) / 1e6;
  }

  /** The tickets that any worker has claimed and not finished. */
  claimedTickets(): Set<number> {
    const tickets = new Set<number>();
    this.#scan({ slot: 0, slots: this.#slotsGivenOut() }, (bytes, at) => {
      tickets.add(readNumber(bytes, at));
    });
    return tickets;
  }

  /** Where this gateway's tickets are claimed, and by which workers. */
  claimants(gateway: number): { readonly slot: number; readonly pid: number }[] {
    const claimants: { readonly slot: number; readonly pid: number }[] = [];
    this.#scan({ slot: 0, slots: this.#slotsGivenOut() }, (bytes, at, slot) => {
      if (readNumber(bytes, at + 24) === gateway) claimants.push({ slot, pid: readNumber(bytes, at + 32) });
    });
    return claimants;
  }

  /** Marks a ticket as cancelled: a worker that has not begun it skips it; one that runs it can see that its client has left. */
  cancelUnlessBegun(entry: number, ticket: number): void {
    this.#mark(entry, ticket, UNLESS_BEGUN);
  }

  /** Marks a ticket as cancelled: a worker that has not claimed it yet skips it, one that is streaming its response stops. */
  cancel(entry: number, ticket: number): void {
    this.#mark(entry, ticket, 0);
  }

  /** Removes the mark of a ticket that is still outstanding. */
  unmark(entry: number): void {
    this.#mark(entry, 0, 0);
  }

  close(): void {
    fs.closeSync(this.#fd);
  }

  /** All slots, until the arbiter has published the number. */
  #slotsGivenOut(): number {
    fs.readSync(this.#fd, this.#entry, 0, 8, GIVEN_OUT_AT);
    const slots = readNumber(this.#entry, 0);
    return slots === 0 ? this.#slots : Math.min(slots, this.#slots);
  }

  /** Visits the slots that hold a claim; the bytes are overwritten after it returns. */
  #scan(range: SlotRange, visit: (bytes: Buffer, at: number, slot: number) => void): void {
    this.#read(range, (bytes, at, slot) => {
      if (readNumber(bytes, at) !== 0) visit(bytes, at, slot);
    });
  }

  #read({ slot, slots }: SlotRange, visit: (bytes: Buffer, at: number, slot: number) => void): void {
    for (let first = slot; first < slot + slots; first += SLOTS_AT_ONCE) {
      const length = WORKER_SLOT_BYTES * Math.min(SLOTS_AT_ONCE, slot + slots - first);
      fs.readSync(this.#fd, this.#window, 0, length, BOARD_HEADER_BYTES + WORKER_SLOT_BYTES * first);
      for (let at = 0; at < length; at += WORKER_SLOT_BYTES) {
        visit(this.#window, at, first + at / WORKER_SLOT_BYTES);
      }
    }
  }

  #mark(entry: number, ticket: number, flag: number): void {
    this.#entry.writeUInt32LE(ticket % 2 ** 32, 0);
    this.#entry.writeUInt32LE(Math.floor(ticket / 2 ** 32) + flag, 4);
    const at = BOARD_HEADER_BYTES + WORKER_SLOT_BYTES * this.#slots + 8 * entry;
    fs.writeSync(this.#fd, this.#entry, 0, 8, at);
  }
}

/** The number of worker slots on the board, or why the file is not a board. */
function slotsOf(fd: number): number | string {
  const size = fs.fstatSync(fd).size;
  const header = Buffer.alloc(BOARD_HEADER_BYTES);
  fs.readSync(fd, header, 0, header.length, 0);
  if (size < BOARD_HEADER_BYTES) return `${size} bytes; a claims board has at least ${BOARD_HEADER_BYTES}`;
  if (!header.subarray(0, MAGIC.length).equals(MAGIC)) return `does not begin with ${MAGIC}`;
  const slots = readNumber(header, 8);
  const cancels = readNumber(header, 16);
  const wanted = BOARD_HEADER_BYTES + WORKER_SLOT_BYTES * slots + 8 * cancels;
  return size === wanted ? slots : `${size} bytes; ${slots} slots and ${cancels} cancel entries take ${wanted}`;
}

function readNumber(bytes: Buffer, offset: number): number {
  return bytes.readUInt32LE(offset + 4) * 2 ** 32 + bytes.readUInt32LE(offset);
}
