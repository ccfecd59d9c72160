// Where the application's WebSocket frames end in the bytes of a tunnel: only there may the gateway insert a frame of its own. Pure.
// Anything that is not a WebSocket, or not understood, is left untouched.

const CLOSE = 0x8;
const OPCODES = new Set([0x0, 0x1, 0x2, CLOSE, 0x9, 0xa]);
const RSV_2_AND_3 = 0x30;
const MASKED = 0x80;
const LONGEST_HEADER_BYTES = 10;
const SWITCHING = 'HTTP/1.1 101 ';
const HEAD_LIMIT_BYTES = 64 * 1024;

type State =
  /** The head of the application's response. */
  | { readonly kind: 'head'; readonly text: string }
  /** `header`: the bytes of an incomplete frame header; `remaining`: the bytes that its payload still lacks. */
  | {
      readonly kind: 'frames';
      readonly header: readonly number[];
      readonly remaining: number;
      readonly closes: boolean;
    }
  /** The application has sent its close frame. */
  | { readonly kind: 'closed' }
  | { readonly kind: 'unknown' };

const BETWEEN: State = { kind: 'frames', header: [], remaining: 0, closes: false };

export class SentFrames {
  #state: State = { kind: 'head', text: '' };

  /** Whether a frame may follow the bytes so far. */
  get isBetween(): boolean {
    return this.#state.kind === 'frames' && this.#state.header.length === 0 && this.#state.remaining === 0;
  }

  /** Reads all bytes or, if wanted, those up to the end of the current frame; returns how many. */
  take(bytes: Buffer, upTo: 'all' | 'end-of-frame' = 'all'): number {
    let at = 0;
    while (at < bytes.length && (this.#state.kind === 'head' || this.#state.kind === 'frames')) {
      if (upTo === 'end-of-frame' && this.isBetween) return at;
      at +=
        this.#state.kind === 'head' ? this.#takeHead(this.#state.text, bytes) : this.#takeFrame(this.#state, bytes, at);
    }
    return upTo === 'end-of-frame' && this.isBetween ? at : bytes.length;
  }

  #takeHead(before: string, bytes: Buffer): number {
    const text = before + bytes.toString('latin1');
    const end = text.indexOf('\r\n\r\n');
    if (end >= 0) {
      this.#state = text.startsWith(SWITCHING) ? BETWEEN : { kind: 'unknown' };
      return end + 4 - before.length;
    }
    this.#state = text.length > HEAD_LIMIT_BYTES ? { kind: 'unknown' } : { kind: 'head', text };
    return bytes.length;
  }

  #takeFrame(state: State & { kind: 'frames' }, bytes: Buffer, at: number): number {
    if (state.remaining > 0) {
      const taken = Math.min(state.remaining, bytes.length - at);
      this.#state = after(state.remaining - taken, state.closes);
      return taken;
    }
    const header = [...state.header, ...bytes.subarray(at, at + LONGEST_HEADER_BYTES - state.header.length)];
    const [first = 0, second] = header;
    if (second === undefined) {
      this.#state = { ...state, header };
      return 1;
    }
    if (!OPCODES.has(first & 0x0f) || (first & RSV_2_AND_3) !== 0 || (second & MASKED) !== 0) {
      this.#state = { kind: 'unknown' };
      return bytes.length - at;
    }
    const length = payloadLength(header);
    if (length === null) {
      this.#state = { ...state, header };
      return header.length - state.header.length;
    }
    this.#state = after(length.payload, (first & 0x0f) === CLOSE);
    return length.header - state.header.length;
  }
}

function after(remaining: number, closes: boolean): State {
  return remaining === 0 && closes ? { kind: 'closed' } : { kind: 'frames', header: [], remaining, closes };
}

/** Null: the header is incomplete (RFC 6455 section 5.2). */
function payloadLength(header: readonly number[]): { readonly header: number; readonly payload: number } | null {
  const short = header[1] ?? 0;
  const size = short === 127 ? 10 : short === 126 ? 4 : 2;
  if (header.length < size) return null;
  const payload = size === 2 ? short : header.slice(2, size).reduce((sum, byte) => sum * 256 + byte, 0);
  return { header: size, payload };
}
