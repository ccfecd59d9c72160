// Finds request heads in the bytes of a connection, and refuses a head that is beyond the limits or hopeless before it is complete. The
// usual case, a chunk that holds exactly one head, costs no copy.

import { Refusal } from '../refusal.ts';
import { broken } from '../rules.ts';
import { comesWithinLimit, isUnfinishedTooLarge, sectionTooLarge } from './field-lines.ts';
import type { HeadRules } from './head-rules.ts';
import { parseRequestLine, refuseUnfinishedLine, tooLong } from './request-line.ts';
import { SectionReader } from './section-reader.ts';

const CR = 13;
const LF = 10;

/** The empty line that may precede a head: not examined yet, only its CR has arrived, or no longer possible. */
type EmptyLine = 'may-come' | 'half' | 'past';

export class HeadReader {
  readonly #rules: HeadRules;
  readonly #section = new SectionReader();
  // For an incomplete head: the length of its request line once that has ended, and how far the search for its end has come.
  #lineLength = -1;
  #searched = 0;
  #emptyLine: EmptyLine = 'may-come';

  constructor(rules: HeadRules) {
    this.#rules = rules;
  }

  /** After `push` has returned a text: the offset in that chunk of the first byte after the head. */
  get end(): number {
    return this.#section.end;
  }

  /** Whether no byte has arrived since the last head, not even of an empty line. */
  get isAtStart(): boolean {
    return this.#emptyLine === 'may-come' && this.#section.keptBytes === 0;
  }

  /** Whether a head has begun: the client owes the rest of it. A preceding empty line does not count. */
  get unfinished(): boolean {
    return this.#section.keptBytes > 0;
  }

  /** The request line of an incomplete or refused head, if all of it is here. */
  get unfinishedLine(): string | null {
    const end = this.#section.findCrlf(0);
    return end < 0 ? null : this.#section.keptText(0, end);
  }

  /** Whether the bytes of an incomplete or refused head begin with `text`. */
  beginsWith(text: string): boolean {
    const { keptBytes } = this.#section;
    return keptBytes >= text.length && this.#section.keptText(0, text.length) === text;
  }

  /** The head without its final CRLF CRLF, in ISO-8859-1; null if more bytes are needed. */
  push(chunk: Buffer, start: number): string | Refusal | null {
    const headStart = this.#mayBeEmptyLine(chunk[start]) ? this.#passEmptyLine(chunk, start) : start;
    if (headStart instanceof Refusal) return headStart;
    const text = this.#section.push(chunk, headStart);
    if (text === null) {
      if (this.#section.keptBytes > 0) this.#emptyLine = 'past';
      return this.#checkUnfinished();
    }
    this.#lineLength = -1;
    this.#searched = 0;
    this.#emptyLine = 'may-come';
    return text;
  }

  #mayBeEmptyLine(first: number | undefined): boolean {
    return this.#emptyLine === 'half' || (first === CR && this.#emptyLine === 'may-come');
  }

  /**
   * RFC 9112 section 2.2: a server should ignore at least one CRLF before a request line, because some clients send one after a body. Only
   * one is ignored, and only if it is exactly CRLF. Returns where the head begins.
   */
  #passEmptyLine(chunk: Buffer, start: number): number | Refusal {
    const lfAt = this.#emptyLine === 'half' ? start : start + 1;
    if (lfAt >= chunk.length) {
      this.#emptyLine = 'half';
      return chunk.length;
    }
    this.#emptyLine = 'past';
    if (chunk[lfAt] === LF) return lfAt + 1;
    return broken('method-token', '\r');
  }

  #checkUnfinished(): Refusal | null {
    const section = this.#section;
    if (this.#lineLength < 0) {
      const lineEnd = section.findCrlf(this.#searched);
      if (lineEnd < 0) {
        return this.#checkUnfinishedLine();
      }
      const line = parseRequestLine(section.keptText(0, lineEnd), lineEnd, this.#rules);
      if (line instanceof Refusal) return line;
      this.#lineLength = lineEnd;
    }
    const blockStart = this.#lineLength + 2;
    const bareLf = section.findBareLf();
    if (bareLf >= 0 && comesWithinLimit(bareLf - blockStart, this.#rules)) {
      return broken('field-line-end', section.keptText(blockStart, bareLf));
    }
    return isUnfinishedTooLarge(section.keptBytes - blockStart, this.#rules) ? sectionTooLarge() : null;
  }

  #checkUnfinishedLine(): Refusal | null {
    const section = this.#section;
    const { keptBytes } = section;
    const isFirstLook = this.#searched === 0;
    this.#searched = Math.max(0, keptBytes - 1);
    // A lone CR may belong to an empty line.
    if (keptBytes === 0 || (keptBytes === 1 && section.keptText(0, 1) === '\r')) return null;
    if (isFirstLook || section.findBareLf() >= 0) {
      const refusal = refuseUnfinishedLine(section.keptText(0, keptBytes), keptBytes, this.#rules);
      if (refusal !== null) return refusal;
    }
    return keptBytes >= this.#rules.limitRequestLineBytes + 2 ? tooLong(this.#rules) : null;
  }
}
