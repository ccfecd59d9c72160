// One client connection: sends exactly the given bytes, and reads responses byte for byte. It takes from the kernel only the bytes that a
// test reads, so a test that stops reading is a slow reader.

import { connect, type Socket } from 'node:net';
import { within } from '../deadline.ts';

export type Target = { readonly host: string; readonly port: number } | { readonly path: string };

export interface ResponseHead {
  readonly version: string;
  readonly status: number;
  readonly reason: string;
  readonly headers: readonly (readonly [name: string, value: string])[];
}

/** The framing of a body. */
type Framing = 'none' | 'length' | 'chunked' | 'close';

export interface HttpResponse extends ResponseHead {
  readonly body: Buffer;
  readonly framing: Framing;
  /** `cut`: the connection ended before the body did. */
  readonly end: 'complete' | 'cut';
}

/** The connection ended before a response, or in the middle of its head. */
export class NoResponseError extends Error {
  override readonly name = 'NoResponseError';
}

export class HttpConnection {
  readonly socket: Socket;
  #pending: Buffer = Buffer.alloc(0);
  #end: 'open' | 'ended' | 'reset' = 'open';
  #wake: (() => void) | undefined;

  private constructor(socket: Socket) {
    this.socket = socket;
    const wake = (): void => this.#wake?.();
    socket.on('readable', wake);
    socket.on('end', () => {
      this.#end = 'ended';
      wake();
    });
    socket.on('error', () => {
      this.#end = 'reset';
      wake();
    });
    socket.on('close', () => {
      if (this.#end === 'open') this.#end = 'ended';
      wake();
    });
  }

  /** How the other side has ended the connection, as far as read. A reset may have discarded unread bytes. */
  get ending(): 'open' | 'ended' | 'reset' {
    return this.#end;
  }

  static async open(target: Target): Promise<HttpConnection> {
    return new HttpConnection(await openSocket(target));
  }

  send(data: string | Buffer): Promise<void> {
    return new Promise((resolve, reject) => {
      this.socket.write(typeof data === 'string' ? Buffer.from(data, 'latin1') : data, (error) => {
        if (error) reject(error);
        else resolve();
      });
    });
  }

  /** Half-close: no more bytes from this side; the other may still answer. */
  endSending(): void {
    this.socket.end();
  }

  /** The next response, including interim ones. `method` matters for HEAD, whose response has no body. */
  async response(method: string = 'GET'): Promise<HttpResponse> {
    return await within(`the response to ${method}`, this.#response(method));
  }

  async head(): Promise<ResponseHead> {
    return await within('the head of a response', this.#head());
  }

  /** The next chunk's data; undefined for the last, empty one, whose trailer section is read, too. */
  async chunk(): Promise<Buffer | undefined> {
    return await within('a chunk of a response', this.#chunk());
  }

  /** Passes on the body piece by piece, for bodies too large to keep. Awaits `slowly` between the pieces. */
  async body(
    head: ResponseHead,
    method: string,
    take: (bytes: Buffer) => void | Promise<void>,
  ): Promise<'complete' | 'cut'> {
    const framing = framingOf(head, method);
    if (framing === 'none') return 'complete';
    if (framing === 'chunked') return await this.#chunkedBody(take);
    if (framing === 'close') {
      do await take(this.#takePending());
      while (await this.#more());
      return this.#end === 'reset' ? 'cut' : 'complete';
    }
    return (await this.#exactly(Number(field(head, 'Content-Length')), take)) ? 'complete' : 'cut';
  }

  /** The next bytes, whatever they mean; NoResponseError if the connection ends first. */
  async exactly(count: number): Promise<Buffer> {
    const pieces: Buffer[] = [];
    const take = (bytes: Buffer): void => void pieces.push(bytes);
    if (await within(`${count} bytes`, this.#exactly(count, take))) return Buffer.concat(pieces);
    throw new NoResponseError(`the connection ended where ${count} bytes should have come`);
  }

  /** All bytes until the other side closes. */
  async untilEnd(): Promise<Buffer> {
    const pieces: Buffer[] = [];
    await within('the connection to be closed', this.#drainInto(pieces));
    return Buffer.concat(pieces);
  }

  /** True if the other side closes without a further byte. */
  async closesSilently(): Promise<boolean> {
    return (await this.untilEnd()).length === 0;
  }

  close(): void {
    this.socket.destroy();
  }

  async #response(method: string): Promise<HttpResponse> {
    const head = await this.#head();
    const pieces: Buffer[] = [];
    const end = await this.body(head, method, (bytes) => {
      pieces.push(bytes);
    });
    return { ...head, body: Buffer.concat(pieces), framing: framingOf(head, method), end };
  }

  async #head(): Promise<ResponseHead> {
    const lines: string[] = [];
    for (;;) {
      const line = await this.#line();
      if (line === undefined) {
        throw new NoResponseError(
          `the connection was ${this.#end === 'reset' ? 'reset' : 'closed'} after ${lines.length} lines of a head`,
        );
      }
      if (line === '') break;
      lines.push(line);
    }
    const start = /^(HTTP\/\d\.\d) (\d{3}) ?(.*)$/.exec(lines[0] ?? '');
    if (start === null) throw new Error(`not a status line: ${JSON.stringify(lines[0])}`);
    const headers = lines.slice(1).map((line) => {
      const colon = line.indexOf(':');
      if (colon <= 0) throw new Error(`not a header line: ${JSON.stringify(line)}`);
      return [line.slice(0, colon), line.slice(colon + 1).trim()] as const;
    });
    return { version: start[1] ?? '', status: Number(start[2]), reason: start[3] ?? '', headers };
  }

  async #chunkedBody(take: (bytes: Buffer) => void | Promise<void>): Promise<'complete' | 'cut'> {
    try {
      for (;;) {
        const chunk = await this.#chunk();
        if (chunk === undefined) return 'complete';
        await take(chunk);
      }
    } catch (error) {
      if (error instanceof NoResponseError) return 'cut';
      throw error;
    }
  }

  async #chunk(): Promise<Buffer | undefined> {
    const sizeLine = await this.#line();
    if (sizeLine === undefined) throw new NoResponseError('the connection ended inside a chunked body');
    if (!/^[0-9A-Fa-f]+$/.test(sizeLine)) throw new Error(`not a chunk size: ${JSON.stringify(sizeLine)}`);
    const size = Number.parseInt(sizeLine, 16);
    const pieces: Buffer[] = [];
    const whole = await this.#exactly(size, (bytes) => {
      pieces.push(bytes);
    });
    const terminator = whole ? await this.#line() : undefined;
    if (terminator === undefined) throw new NoResponseError('the connection ended inside a chunk');
    if (terminator !== '') throw new Error(`a chunk is followed by ${JSON.stringify(terminator)}`);
    return size === 0 ? undefined : Buffer.concat(pieces);
  }

  /** A line, without its CRLF; undefined at the end of the connection. */
  async #line(): Promise<string | undefined> {
    for (;;) {
      const end = this.#pending.indexOf('\r\n');
      if (end >= 0) {
        const line = this.#pending.toString('latin1', 0, end);
        this.#pending = this.#pending.subarray(end + 2);
        return line;
      }
      if (!(await this.#more())) return undefined;
    }
  }

  async #exactly(count: number, take: (bytes: Buffer) => void | Promise<void>): Promise<boolean> {
    let left = count;
    while (left > 0) {
      if (this.#pending.length === 0 && !(await this.#more())) return false;
      const piece = this.#pending.subarray(0, left);
      this.#pending = this.#pending.subarray(piece.length);
      left -= piece.length;
      await take(piece);
    }
    return true;
  }

  async #drainInto(pieces: Buffer[]): Promise<void> {
    do pieces.push(this.#takePending());
    while (await this.#more());
  }

  #takePending(): Buffer {
    const taken = this.#pending;
    this.#pending = Buffer.alloc(0);
    return taken;
  }

  /** Waits for bytes; false at the end of the connection. */
  async #more(): Promise<boolean> {
    for (;;) {
      const bytes = this.socket.read() as Buffer | null;
      if (bytes !== null) {
        this.#pending = this.#pending.length === 0 ? bytes : Buffer.concat([this.#pending, bytes]);
        return true;
      }
      if (this.#end !== 'open') return false;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }
}

/** A connection that never reads, not even into this process's memory. */
export async function openSocket(target: Target, reads: 'on demand' | 'never' = 'on demand'): Promise<Socket> {
  return await within(
    'a connection',
    new Promise<Socket>((resolve, reject) => {
      const socket = connect({ ...target, noDelay: true });
      if (reads === 'never') socket.pause();
      socket.once('error', reject);
      socket.once('connect', () => {
        socket.off('error', reject);
        resolve(socket);
      });
    }),
  );
}

/** A header field's value; repeated fields are joined with `, `. */
export function field(head: ResponseHead, name: string): string | undefined {
  const values = fields(head, name);
  return values.length === 0 ? undefined : values.join(', ');
}

export function fields(head: ResponseHead, name: string): string[] {
  return head.headers.filter(([given]) => given.toLowerCase() === name.toLowerCase()).map(([, value]) => value);
}

function framingOf(head: ResponseHead, method: string): Framing {
  if (method === 'HEAD' || head.status < 200 || head.status === 204 || head.status === 304) return 'none';
  if (field(head, 'Transfer-Encoding')?.toLowerCase() === 'chunked') return 'chunked';
  return field(head, 'Content-Length') === undefined ? 'close' : 'length';
}
