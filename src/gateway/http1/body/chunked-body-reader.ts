// The chunked transfer coding (RFC 9112 section 7.1), byte by byte outside the data and never twice over a byte. It accepts nothing that
// another reader of the same bytes might understand differently: that is how smuggling begins.

import { comesWithinLimit, isUnfinishedTooLarge, sectionTooLarge } from '../head/field-lines.ts';
import type { HeadRules } from '../head/head-rules.ts';
import { SectionReader } from '../head/section-reader.ts';
import { Refusal } from '../refusal.ts';
import type { RuleName } from '../rule-name.ts';
import { broken } from '../rules.ts';
import { type BodyProgress, type BodyReader, type BodySink, MORE } from './body-progress.ts';
import { parseTrailers } from './trailers.ts';

type State =
  | 'size' // hex digits
  | 'space-after-size' // only `;` may follow
  | 'extension'
  | 'size-lf' // a CR has arrived, as in the other `-lf` states
  | 'extension-lf'
  | 'data'
  | 'data-cr'
  | 'data-lf'
  | 'trailers'
  | 'ended';

const MAX_SIZE_BYTES = 256;
const MAX_EXTENSION_BYTES = 4096;
/** For all extensions of a body, beyond as many bytes as the body itself has. */
const MAX_EXTENSIONS_BYTES = 16_384;
/** Smaller pieces that arrive together are passed on together, so that the bytes of a piece justify its cost downstream. */
const SMALL_PIECE_BYTES = 4096;
const GATHERED_BYTES = 16_384;
const CR = 13;
const LF = 10;
const TAB = 9;
const SPACE = 32;
const SEMICOLON = 59;
const DEL = 127;
const CRLF: Buffer = Buffer.from('\r\n', 'latin1');

export class ChunkedBodyReader implements BodyReader {
  readonly #rules: HeadRules;
  readonly #sink: BodySink;
  readonly #trailers = new SectionReader();
  #state: State = 'size';
  /** The current chunk's size so far, then the bytes of it that remain. */
  #size = 0;
  #digits = 0;
  #lineBytes = 0;
  /** Bytes of extensions so far, minus the bytes of data. */
  #extensionsExcess = 0;
  /** Data of the current buffer, or of `#gathered`, that the sink has not received: from `start` to `end`. */
  #pending: { bytes: Buffer; start: number; end: number } | null = null;

  constructor(rules: HeadRules, sink: BodySink) {
    this.#rules = rules;
    this.#sink = sink;
  }

  push(chunk: Buffer, start: number): BodyProgress {
    const progress = this.#read(chunk, start);
    this.#passOn();
    return progress;
  }

  #read(chunk: Buffer, start: number): BodyProgress {
    let index = start;
    while (index < chunk.length) {
      if (this.#state === 'data') {
        const end = Math.min(chunk.length, index + this.#size);
        this.#take(chunk, index, end);
        this.#size -= end - index;
        this.#extensionsExcess -= end - index;
        index = end;
        if (this.#size === 0) this.#state = 'data-cr';
      } else if (this.#state === 'trailers') {
        return this.#pushTrailers(chunk, index);
      } else {
        const refusal = this.#step(chunk[index] ?? 0);
        if (refusal !== null) return this.#refuse(refusal);
        index += 1;
      }
    }
    return MORE;
  }

  /** After the last chunk only the trailers and the empty line are missing, but that the body is complete would be a guess. */
  cut(): Refusal | null {
    return this.#state === 'trailers' ? broken('chunk-data-end', '') : null;
  }

  #take(chunk: Buffer, start: number, end: number): void {
    const pending = this.#pending;
    if (pending === null) {
      this.#pending = { bytes: chunk, start, end };
      return;
    }
    const total = pending.end - pending.start + end - start;
    if (end - start > SMALL_PIECE_BYTES || total > GATHERED_BYTES) {
      this.#passOn();
      this.#pending = { bytes: chunk, start, end };
      return;
    }
    if (pending.bytes === chunk) {
      const gathered = Buffer.allocUnsafe(GATHERED_BYTES);
      pending.end = chunk.copy(gathered, 0, pending.start, pending.end);
      pending.start = 0;
      pending.bytes = gathered;
    }
    // A loop: for a few bytes it is faster than calling `copy`.
    if (end - start > 16) chunk.copy(pending.bytes, pending.end, start, end);
    else for (let at = start; at < end; at += 1) pending.bytes[pending.end + at - start] = chunk[at] ?? 0;
    pending.end += end - start;
  }

  #passOn(): void {
    const pending = this.#pending;
    if (pending === null) return;
    this.#pending = null;
    this.#sink(pending.bytes, pending.start, pending.end);
  }

  /** Processes one byte outside the data, and moves the state on. */
  #step(byte: number): Refusal | null {
    switch (this.#state) {
      case 'size':
        return this.#sizeByte(byte);
      case 'space-after-size':
        if (byte === SEMICOLON) this.#beginExtension();
        else if (byte !== SPACE && byte !== TAB) return breach('chunk-size', byte);
        return this.#countSizeByte();
      case 'extension':
        if (byte === CR) this.#state = 'extension-lf';
        else if ((byte < SPACE && byte !== TAB) || byte === DEL) return breach('chunk-extension', byte);
        return this.#countExtensionByte();
      case 'size-lf':
        return byte === LF ? this.#endSizeLine() : breach('chunk-size', byte);
      case 'extension-lf':
        return byte === LF ? this.#endSizeLine() : breach('chunk-extension', CR);
      case 'data-cr':
        if (byte !== CR) return breach('chunk-data-end', byte);
        this.#state = 'data-lf';
        return null;
      case 'data-lf':
        if (byte !== LF) return breach('chunk-data-end', byte);
        this.#state = 'size';
        return null;
      default:
        return null;
    }
  }

  #sizeByte(byte: number): Refusal | null {
    const digit = hexValue(byte);
    if (digit >= 0) {
      this.#size = this.#size * 16 + digit;
      this.#digits += 1;
      if (!Number.isSafeInteger(this.#size)) return broken('chunk-size-number', 'more than 2^53 bytes');
      return this.#countSizeByte();
    }
    if (this.#digits === 0) return breach('chunk-size', byte);
    if (byte === CR) this.#state = 'size-lf';
    else if (byte === SEMICOLON) this.#beginExtension();
    else if (byte === SPACE || byte === TAB) this.#state = 'space-after-size';
    else return breach('chunk-size', byte);
    return null;
  }

  #beginExtension(): void {
    this.#state = 'extension';
    this.#lineBytes = 0;
  }

  #countSizeByte(): Refusal | null {
    this.#lineBytes += 1;
    return this.#lineBytes > MAX_SIZE_BYTES ? broken('chunk-size-length', `more than ${MAX_SIZE_BYTES} bytes`) : null;
  }

  #countExtensionByte(): Refusal | null {
    this.#lineBytes += 1;
    this.#extensionsExcess += 1;
    if (this.#lineBytes > MAX_EXTENSION_BYTES) {
      return broken('chunk-extension-length', `more than ${MAX_EXTENSION_BYTES} bytes`);
    }
    // A chunk costs work that its data does not justify: a body in single bytes must not be a way to send without end.
    if (this.#extensionsExcess > MAX_EXTENSIONS_BYTES) {
      return broken('chunk-extensions-length', `${MAX_EXTENSIONS_BYTES} bytes more than data`);
    }
    return null;
  }

  #endSizeLine(): Refusal | null {
    this.#digits = 0;
    this.#lineBytes = 0;
    if (this.#size > 0) {
      this.#state = 'data';
      return null;
    }
    this.#state = 'trailers';
    return null;
  }

  #pushTrailers(chunk: Buffer, start: number): BodyProgress {
    if (this.#trailers.keptBytes === 0) {
      if (chunk[start] === CR && chunk[start + 1] === LF) {
        this.#state = 'ended';
        return { kind: 'done', end: start + 2, trailers: [] };
      }
      // The section starts with the CRLF of the last chunk, so that it ends in CRLF CRLF even when it is empty.
      this.#trailers.push(CRLF, 0);
    }
    const section = this.#trailers.push(chunk, start);
    if (section === null) {
      const refusal = this.#checkUnfinishedTrailers();
      return refusal === null ? MORE : this.#refuse(refusal);
    }
    const trailers = parseTrailers(section.slice(2), this.#rules);
    if (trailers instanceof Refusal) return this.#refuse(trailers);
    this.#state = 'ended';
    return { kind: 'done', end: this.#trailers.end, trailers };
  }

  #checkUnfinishedTrailers(): Refusal | null {
    const bareLf = this.#trailers.findBareLf();
    if (bareLf >= 0 && comesWithinLimit(bareLf - CRLF.length, this.#rules)) {
      return broken('field-line-end', this.#trailers.keptText(CRLF.length, bareLf));
    }
    return isUnfinishedTooLarge(this.#trailers.keptBytes - CRLF.length, this.#rules) ? sectionTooLarge() : null;
  }

  #refuse(refusal: Refusal): BodyProgress {
    this.#state = 'ended';
    return { kind: 'refused', refusal };
  }
}

function breach(rule: RuleName, byte: number): Refusal {
  return broken(rule, String.fromCharCode(byte));
}

function hexValue(byte: number): number {
  if (byte >= 48 && byte <= 57) return byte - 48;
  const letter = byte | 0x20;
  return letter >= 97 && letter <= 102 ? letter - 87 : -1;
}
