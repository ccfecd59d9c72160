// The lines that a server has written, and waits for lines to come.

import { DeadlineError, deadlineMs } from './deadline.ts';

interface Waiter {
  readonly pattern: RegExp;
  readonly since: number;
  readonly resolve: (match: RegExpExecArray) => void;
  readonly reject: (error: Error) => void;
}

export class LineLog {
  readonly lines: string[] = [];
  #partial = '';
  #ended = false;
  #waiters: Waiter[] = [];

  append(text: string): void {
    const pieces = (this.#partial + text).split('\n');
    this.#partial = pieces.pop() ?? '';
    for (const line of pieces) this.lines.push(line);
    if (pieces.length > 0) this.#wake();
  }

  /** The writers are gone, so no more lines will come. */
  end(): void {
    if (this.#partial !== '') this.append('\n');
    this.#ended = true;
    for (const waiter of this.#waiters) waiter.reject(this.#missing(waiter.pattern, 'the server has ended'));
    this.#waiters = [];
  }

  /** A position in the log: `waitFor(…, { since: log.mark() })` matches only later lines. */
  mark(): number {
    return this.lines.length;
  }

  count(pattern: RegExp, since: number = 0): number {
    return this.lines.slice(since).filter((line) => pattern.test(line)).length;
  }

  /** The numbers of the matching lines. */
  positions(pattern: RegExp, since: number = 0): number[] {
    return this.lines.flatMap((line, position) => (position >= since && pattern.test(line) ? [position] : []));
  }

  text(since: number = 0): string {
    return this.lines.slice(since).join('\n');
  }

  waitFor(pattern: RegExp, since: number = 0, limitMs: number = deadlineMs): Promise<RegExpExecArray> {
    const found = this.#find(pattern, since);
    if (found !== undefined) return Promise.resolve(found);
    if (this.#ended) return Promise.reject(this.#missing(pattern, 'the server has ended'));
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#waiters = this.#waiters.filter((other) => other !== waiter);
        reject(this.#missing(pattern, `not within ${limitMs} ms`));
      }, limitMs);
      const waiter: Waiter = {
        pattern,
        since,
        resolve: (match) => {
          clearTimeout(timer);
          resolve(match);
        },
        reject: (error) => {
          clearTimeout(timer);
          reject(error);
        },
      };
      this.#waiters.push(waiter);
    });
  }

  #wake(): void {
    this.#waiters = this.#waiters.filter((waiter) => {
      const found = this.#find(waiter.pattern, waiter.since);
      if (found === undefined) return true;
      waiter.resolve(found);
      return false;
    });
  }

  #find(pattern: RegExp, since: number): RegExpExecArray | undefined {
    for (const line of this.lines.slice(since)) {
      const match = pattern.exec(line);
      if (match !== null) return match;
    }
    return undefined;
  }

  #missing(pattern: RegExp, why: string): DeadlineError {
    return new DeadlineError(
      `no line matches ${pattern}: ${why}. The log's last lines:\n${this.lines.slice(-40).join('\n')}`,
    );
  }
}
