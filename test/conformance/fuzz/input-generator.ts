// Generates valid and invalid input from clients: requests by the grammar, the cases of this folder and of the corpus, and damaged ones
// of either. The same seed gives the same inputs.

export type Random = (limit: number) => number;

/** A choice and its weight in its list. */
type Weighted<T> = readonly (readonly [weight: number, choice: T])[];

const METHODS: Weighted<string> = [
  [60, 'GET'],
  [60, 'POST'],
  [6, 'HEAD'],
  [6, 'OPTIONS'],
  [6, 'PUT'],
  [3, 'CONNECT'],
  [1, 'M-SEARCH'],
  [1, 'FOO'],
  [1, 'get'],
  [1, 'G'],
  [1, 'PRI'],
];
const TARGETS: Weighted<string> = [
  [60, '/'],
  [30, '/a/b?c=d'],
  [2, '/%00%zz?#f'],
  [2, '*'],
  [4, 'http://a.example/b?c'],
  [2, 'http://u@[::1]:80'],
  [1, 'https://a.example/'],
  [1, 'urn:a'],
  [2, 'a.example:443'],
  [1, '/caf\xc3\xa9'],
  [1, '//a"<>\\^`{|}'],
  [1, ''],
  [1, 'a'],
];
const VERSIONS: Weighted<string> = [
  [120, 'HTTP/1.1'],
  [16, 'HTTP/1.0'],
  [2, 'HTTP/1.2'],
  [1, 'HTTP/2.0'],
  [1, 'HTTP/0.9'],
  [1, 'http/1.1'],
  [1, 'HTTP/1.1 '],
  [1, 'HTTP/11'],
];
const NAMES: Weighted<string> = [
  [30, 'X'],
  [20, 'Accept'],
  [10, 'x-y'],
  [4, 'X_Y'],
  [4, 'Cookie'],
  [4, 'Content-Type'],
  [1, 'Host'],
  [2, 'Connection'],
  [4, 'Upgrade'],
  [4, 'TE'],
  [3, 'Trailer'],
  [1, "!#$%&'*+-.^_`|~0"],
  [1, 'X '],
  [1, ''],
  [1, ' X'],
];
const VALUES: Weighted<string> = [
  [30, 'a'],
  [10, ''],
  [10, 'a, b'],
  [10, 'chunked'],
  [4, 'close'],
  [1, '\ta \t'],
  [1, 'caf\xc3\xa9\xa0'],
  [1, '\x80\xff'],
  [1, 'a\0b'],
  [1, 'a\r\n b'],
  [4, '5'],
];
const HOSTS: Weighted<string> = [
  [60, 'a'],
  [10, 'a.example:80'],
  [3, ''],
  [3, '[::1]'],
  [1, 'a b'],
  [1, 'a/b'],
];
const CONNECTIONS: Weighted<string> = [
  [6, 'close'],
  [10, 'keep-alive'],
  [1, 'Close'],
  [1, 'keep-alive, close'],
  [1, 'close, x'],
  [1, 'upgrade'],
  [1, 'x'],
  [1, ''],
];
const LENGTHS: Weighted<string> = [
  [60, '3'],
  [12, '0'],
  [4, '10'],
  [4, '03'],
  [1, '+3'],
  [1, '-3'],
  [1, '3, 3'],
  [1, '3 '],
  [1, '3 0'],
  [1, '0x3'],
  [1, ''],
  [1, '99999999999999999999'],
];
const CODINGS: Weighted<string> = [
  [80, 'chunked'],
  [4, 'Chunked '],
  [4, 'gzip, chunked'],
  [2, 'identity'],
  [1, 'gzip'],
  [1, 'chunked, gzip'],
  [1, 'chunked, chunked'],
  [1, 'identity, chunked'],
  [1, 'chunked,'],
  [1, 'x, chunked'],
  [1, 'xchunked'],
  [1, 'chunked;a=b'],
  [1, '\x0bchunked'],
  [1, ''],
];
const CHUNKS: Weighted<string> = [
  [40, '3\r\nabc\r\n'],
  [20, 'A\r\n0123456789\r\n'],
  [8, '003;a=b\r\nabc\r\n'],
  [1, '3;a="b c"\r\nabc\r\n'],
  [1, '3 \r\nabc\r\n'],
  [1, '3\nabc\r\n'],
  [1, '3\r\nabc\n'],
  [1, '3\r\nabcd\r\n'],
  [1, '3;\xe9\r\nabc\r\n'],
  [1, '3;a\nb\r\nabc\r\n'],
  [1, '+3\r\nabc\r\n'],
  [1, '3 ;a\r\nabc\r\n'],
  [1, '\r\n'],
  [1, 'fffffffffffffffff\r\nabc\r\n'],
];
const LAST_CHUNKS: Weighted<string> = [
  [60, '0\r\n\r\n'],
  [8, '000\r\n\r\n'],
  [10, '0\r\nA: b\r\n\r\n'],
  [1, '0;a\r\n\r\n'],
  [1, '0\r\nHost: b\r\n\r\n'],
  [1, '0\r\nContent-Length: 3\r\n\r\n'],
  [1, '0\r\nConnection: close\r\n\r\n'],
  [1, '0\r\nX_Y: b\r\nX_Y: c\r\n\r\n'],
  [1, '0\r\nA : b\r\n\r\n'],
  [1, '0\r\n'],
  [1, '0\n\n'],
  [1, ''],
];
const NOISE: Weighted<string> = [
  [4, '\r\n'],
  [2, '\n'],
  [2, '\r'],
  [2, ' '],
  [2, '\t'],
  [2, ':'],
  [2, '\0'],
  [1, '\x0b'],
  [1, '\x7f'],
  [1, '\x80'],
  [1, ','],
  [1, ';'],
  [1, '%'],
  [1, '/'],
  [1, '_'],
  [1, '0'],
  [1, '\r\n\r\n'],
  [1, '\r\n '],
  [1, 'Transfer-Encoding: chunked\r\n'],
  [1, 'Content-Length: 3\r\n'],
  [1, 'GET / HTTP/1.1\r\n'],
  [1, '{{long}}'],
];

export class InputGenerator {
  readonly #random: Random;
  readonly #seeds: readonly Buffer[];

  /** `seeds` are inputs to damage. */
  constructor(seed: number, seeds: readonly Buffer[]) {
    this.#random = seededRandom(seed);
    this.#seeds = seeds;
  }

  get random(): Random {
    return this.#random;
  }

  next(): Buffer {
    const random = this.#random;
    const kind = random(10);
    const seed = kind < 3 ? this.#seeds[random(this.#seeds.length)] : undefined;
    let text = seed === undefined ? this.#messages() : seed.toString('latin1');
    if (kind === 9) text += this.#messages();
    const wounds = random(2) === 0 ? 0 : 1 + random(3);
    for (let count = 0; count < wounds; count += 1) text = this.#damage(text);
    return Buffer.from(text, 'latin1');
  }

  #messages(): string {
    let text = this.#message();
    while (this.#random(5) < 2) text += this.#message();
    return text;
  }

  #message(): string {
    const line = `${this.#pick(METHODS)} ${this.#pick(TARGETS)} ${this.#pick(VERSIONS)}\r\n`;
    const fields: string[] = [];
    if (this.#random(8) > 0) fields.push(`Host: ${this.#pick(HOSTS)}`);
    for (let count = this.#random(4); count > 0; count -= 1) fields.push(`${this.#pick(NAMES)}: ${this.#pick(VALUES)}`);
    if (this.#random(5) === 0) fields.push(`Connection: ${this.#pick(CONNECTIONS)}`);
    if (this.#random(20) === 0) fields.push(`Expect: ${this.#random(2) === 0 ? '100-continue' : 'x'}`);
    let body = '';
    const framing = this.#random(6);
    if (framing <= 1 || framing === 5) {
      fields.push(`Content-Length: ${this.#pick(LENGTHS)}`);
      body = this.#random(6) === 0 ? '0123456789' : 'abc';
    }
    if (framing >= 2 && framing <= 3) {
      fields.push(`Transfer-Encoding: ${this.#pick(CODINGS)}`);
      body = '';
      for (let count = this.#random(3); count > 0; count -= 1) body += this.#pick(CHUNKS);
      body += this.#pick(LAST_CHUNKS);
    }
    if (this.#random(40) === 0) fields.push(`Transfer-Encoding: ${this.#pick(CODINGS)}`);
    if (this.#random(2) === 0) fields.reverse();
    return `${line}${fields.map((field) => `${field}\r\n`).join('')}\r\n${body}`;
  }

  #damage(text: string): string {
    const random = this.#random;
    const at = random(text.length + 1);
    switch (random(9)) {
      case 0:
        return text.slice(0, at) + String.fromCharCode(random(256)) + text.slice(at + 1);
      case 1:
        return text.slice(0, at) + text.slice(at + 1 + random(4));
      case 2:
        return text.slice(0, at);
      case 3: {
        const lines = text.split('\r\n');
        const line = random(lines.length);
        const other = random(lines.length);
        const moved = lines[line] ?? '';
        return random(2) === 0
          ? lines.toSpliced(other, 0, moved).join('\r\n')
          : lines.toSpliced(line, 1).toSpliced(other, 0, moved).join('\r\n');
      }
      case 4:
        return text.replace(random(2) === 0 ? '\r\n' : '\r', random(2) === 0 ? '\n' : '');
      default:
        return text.slice(0, at) + this.#noise() + text.slice(at + random(2));
    }
  }

  #noise(): string {
    const noise = this.#pick(NOISE);
    if (noise !== '{{long}}') return noise;
    if (this.#random(2) === 0) return 'a'.repeat(this.#random(20_000));
    const field = this.#random(2) === 0 ? 'A: b\r\n' : `A: ${'b'.repeat(195)}\r\n`;
    return field.repeat(this.#random(120));
  }

  #pick<T>(choices: Weighted<T>): T {
    const total = choices.reduce((sum, [weight]) => sum + weight, 0);
    let left = this.#random(total);
    for (const [weight, choice] of choices) {
      left -= weight;
      if (left < 0) return choice;
    }
    throw new Error('no choices');
  }
}

/** A seeded generator of numbers (mulberry32), each at least 0 and below `limit`. */
function seededRandom(seed: number): Random {
  let state = seed >>> 0;
  return (limit) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) % limit;
  };
}
