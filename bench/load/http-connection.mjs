/**
 * A small HTTP/1.1 client on a raw socket: one request at a time, with a reason for each kind of failure. It never retries, so every lost
 * request is seen.
 */
import { connect } from 'node:net';

/**
 * @typedef {object} Answer
 * @property {'answer'} kind
 * @property {number} status
 * @property {ReadonlyMap<string, string>} fields by name in lower case
 * @property {Buffer} body
 * @property {boolean} closes the server announces that it closes the connection, or has closed it
 */
/** @typedef {{ kind: 'failure', reason: string }} Failure */

/**
 * @param {string} path
 * @param {{ close?: boolean }} [options] close: ask the server to close the connection after this request
 * @returns {Buffer}
 */
export function get(path, { close = false } = {}) {
  return Buffer.from(`GET ${path} HTTP/1.1\r\nHost: bench\r\n${close ? 'Connection: close\r\n' : ''}\r\n`);
}

/**
 * @param {string} path
 * @param {Buffer} body
 * @param {{ close?: boolean }} [options]
 * @returns {Buffer}
 */
export function post(path, body, { close = false } = {}) {
  const connection = close ? 'Connection: close\r\n' : '';
  const head = `POST ${path} HTTP/1.1\r\nHost: bench\r\nContent-Length: ${body.length}\r\n${connection}\r\n`;
  return Buffer.concat([Buffer.from(head), body]);
}

/**
 * @param {Buffer} head the status line and the fields, without the empty line
 * @returns {{ status: number, fields: Map<string, string> } | undefined}
 */
function parseHead(head) {
  const [statusLine = '', ...lines] = head.toString('latin1').split('\r\n');
  const status = /^HTTP\/1\.[01] (\d{3})(?: |$)/.exec(statusLine)?.[1];
  if (status === undefined) return undefined;
  const fields = new Map();
  for (const line of lines) {
    const colon = line.indexOf(':');
    if (colon <= 0) return undefined;
    fields.set(line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim());
  }
  return { status: Number(status), fields };
}

/**
 * The bytes received so far, as an answer.
 * @param {Buffer} received
 * @param {boolean} ended
 * @returns {Answer | Failure | undefined} undefined: more bytes are needed
 */
export function parseAnswer(received, ended) {
  const end = received.indexOf('\r\n\r\n');
  if (end < 0) {
    if (!ended) return undefined;
    return failure(received.length === 0 ? 'closed without an answer' : 'closed inside the head');
  }
  const head = parseHead(received.subarray(0, end));
  if (head === undefined) return failure('malformed head');
  if (head.fields.has('transfer-encoding')) return failure('unexpected transfer coding');
  const body = received.subarray(end + 4);
  const length = head.fields.get('content-length');
  if (length === undefined) return ended ? { kind: 'answer', ...head, body, closes: true } : undefined;
  if (body.length < Number(length)) return ended ? failure('closed inside the body') : undefined;
  if (body.length > Number(length)) return failure('more bytes than Content-Length');
  return { kind: 'answer', ...head, body, closes: ended || head.fields.get('connection')?.toLowerCase() === 'close' };
}

/**
 * @param {string} reason
 * @returns {Failure}
 */
function failure(reason) {
  return { kind: 'failure', reason };
}

export class HttpConnection {
  #socket;
  /** @type {Buffer[]} */ #received = [];
  #ended = false;
  /** @type {string | undefined} */ #error;
  /** @type {() => void} */ #wake = () => {};

  /** @param {number} port */
  constructor(port) {
    this.#socket = connect({ port, host: '127.0.0.1', noDelay: true });
    this.#socket.on('data', (chunk) => {
      this.#received.push(chunk);
      this.#wake();
    });
    this.#socket.on('error', (error) => {
      this.#error = 'code' in error ? String(error.code) : error.message;
    });
    this.#socket.on('end', () => this.#finish());
    this.#socket.on('close', () => this.#finish());
  }

  #finish() {
    this.#ended = true;
    this.#wake();
  }

  /** @returns {boolean} whether another request can be sent */
  get usable() {
    return !this.#ended && !this.#socket.destroyed;
  }

  /**
   * @param {Buffer} bytes a whole request
   * @param {number} timeoutMs from now to the end of the answer
   * @returns {Promise<Answer | Failure>}
   */
  async exchange(bytes, timeoutMs) {
    const deadline = performance.now() + timeoutMs;
    this.#received = [];
    this.#socket.write(bytes);
    for (;;) {
      const received = this.#received.length === 1 ? this.#received[0] : Buffer.concat(this.#received);
      if (received !== undefined) this.#received = received.length === 0 ? [] : [received];
      const answer = parseAnswer(received ?? Buffer.alloc(0), this.#ended);
      if (answer?.kind === 'answer') {
        if (answer.closes) this.close();
        return answer;
      }
      if (answer !== undefined || performance.now() >= deadline) {
        this.close();
        if (answer === undefined) return failure(`no answer within ${timeoutMs / 1000} s`);
        return failure(this.#error === undefined ? answer.reason : `${answer.reason} (${this.#error})`);
      }
      await this.#more(deadline - performance.now());
    }
  }

  /**
   * Waits for bytes, the end, or the timeout.
   * @param {number} timeoutMs
   * @returns {Promise<void>}
   */
  #more(timeoutMs) {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, Math.max(1, timeoutMs));
      this.#wake = () => {
        clearTimeout(timer);
        this.#wake = () => {};
        resolve();
      };
    });
  }

  close() {
    this.#socket.destroy();
  }
}

/**
 * One request on a connection of its own.
 * @param {number} port
 * @param {Buffer} bytes
 * @param {number} timeoutMs
 * @returns {Promise<Answer | Failure>}
 */
export async function request(port, bytes, timeoutMs) {
  const connection = new HttpConnection(port);
  const answer = await connection.exchange(bytes, timeoutMs);
  connection.close();
  return answer;
}
