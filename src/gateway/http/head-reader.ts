// Finds request heads in the bytes of a connection, and refuses one that is beyond the limits or hopeless before it is
// complete. One for each connection; the usual case, a chunk that holds exactly one head, costs no copy.

import type { HeadRules } from './head-rules.ts';
import { Refusal } from './refusal.ts';
import { parseRequestLine } from './request-line.ts';
import { SectionReader } from './section-reader.ts';

export class HeadReader {
  readonly #rules: HeadRules;
  readonly #section = new SectionReader();
  // Of the unfinished head: the length of its request line once that has passed, and how far its end was searched for.
  #lineLength = -1;
  #searched = 0;

  constructor(rules: HeadRules) {
    this.#rules = rules;
  }

  /** After `push` has returned a text: the offset in that chunk of the first byte behind the head. */
  get end(): number {
    return this.#section.end;
  }

  /** Whether part of a head is here: then the client owes the rest of it. */
  get unfinished(): boolean {
    return this.#section.keptBytes > 0;
  }

  /** The head without its final CRLF CRLF, in ISO-8859-1; null when more bytes are needed. */
  push(chunk: Buffer, start: number): string | Refusal | null {
    const text = this.#section.push(chunk, start);
    if (text === null) return this.#checkUnfinished();
    this.#lineLength = -1;
    this.#searched = 0;
    return text;
  }

  #checkUnfinished(): Refusal | null {
    const section = this.#section;
    const { limitRequestLine, limitHeaderBlock } = this.#rules;
    if (this.#lineLength < 0) {
      const lineEnd = section.findCrlf(this.#searched);
      if (lineEnd < 0) {
        this.#searched = Math.max(0, section.keptBytes - 1);
        const tooLong = section.keptBytes >= limitRequestLine + 2;
        return tooLong ? new Refusal('LimitRequestLine', String(limitRequestLine)) : null;
      }
      const line = parseRequestLine(section.keptText(0, lineEnd), lineEnd, this.#rules);
      if (line instanceof Refusal) return line;
      this.#lineLength = lineEnd;
    }
    // The last three bytes may be the beginning of the empty line.
    const blockBytes = section.keptBytes - (this.#lineLength + 2) - 3;
    return blockBytes > limitHeaderBlock ? new Refusal('LimitRequestHeaders', 'max buffer headers') : null;
  }
}
