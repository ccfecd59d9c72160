// A WebSocket client that sends exactly the given frames, valid or not, and reads frame by frame.

import { createHash } from 'node:crypto';
import { HttpConnection, type ResponseHead, type Target } from './http-connection.ts';

const KEY = 'dGhlIHNhbXBsZSBub25jZQ==';
const GUID = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11';
const MASK = Buffer.from([0x11, 0x22, 0x33, 0x44]);

export const TEXT_FRAME = 1;
export const BINARY_FRAME = 2;
export const CLOSE_FRAME = 8;
export const PING_FRAME = 9;
export const PONG_FRAME = 10;
export const CONTINUATION = 0;

export interface ReceivedFrame {
  readonly opcode: number;
  readonly isFinal: boolean;
  readonly isCompressed: boolean;
  readonly payload: Buffer;
}

export function handshake(path: string, fields = ''): string {
  return `GET ${path} HTTP/1.1\r\nHost: a\r\nConnection: keep-alive, Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ${KEY}\r\n${fields}\r\n`;
}

export function acceptFor(key: string = KEY): string {
  return createHash('sha1').update(`${key}${GUID}`).digest('base64');
}

/** A client's frame: masked, as required, unless it has another `flaw`. */
export function clientFrame(
  opcode: number,
  payload: string | Buffer,
  { isFinal = true, isMasked = true, reserved = 0 } = {},
): Buffer {
  const bytes = Buffer.from(payload as string);
  const first = (isFinal ? 0x80 : 0) | reserved | opcode;
  const masked = isMasked ? 0x80 : 0;
  const length =
    bytes.length < 126
      ? Buffer.from([first, masked | bytes.length])
      : bytes.length < 65_536
        ? Buffer.from([first, masked | 126, bytes.length >> 8, bytes.length & 255])
        : Buffer.concat([Buffer.from([first, masked | 127]), bigLength(bytes.length)]);
  if (!isMasked) return Buffer.concat([length, bytes]);
  for (let at = 0; at < bytes.length; at += 1) bytes[at] = (bytes[at] ?? 0) ^ (MASK[at % 4] ?? 0);
  return Buffer.concat([length, MASK, bytes]);
}

export function closePayload(code: number, reason = ''): Buffer {
  const payload = Buffer.alloc(2 + Buffer.byteLength(reason));
  payload.writeUInt16BE(code);
  payload.write(reason, 2);
  return payload;
}

function bigLength(bytes: number): Buffer {
  const length = Buffer.alloc(8);
  length.writeBigUInt64BE(BigInt(bytes));
  return length;
}

export class RawWebSocket {
  readonly connection: HttpConnection;

  private constructor(connection: HttpConnection) {
    this.connection = connection;
  }

  /** Sends the handshake. The response arrives when the application has accepted. */
  static async open(target: Target, path = '/ws', fields = ''): Promise<RawWebSocket> {
    const connection = await HttpConnection.open(target);
    await connection.send(handshake(path, fields));
    return new RawWebSocket(connection);
  }

  accepted(): Promise<ResponseHead> {
    return this.connection.head();
  }

  send(opcode: number, payload: string | Buffer = '', flaw = {}): Promise<void> {
    return this.connection.send(clientFrame(opcode, payload, flaw));
  }

  async frame(): Promise<ReceivedFrame> {
    const [first = 0, second = 0] = await this.connection.exactly(2);
    let length = second & 127;
    if (length === 126) length = (await this.connection.exactly(2)).readUInt16BE();
    else if (length === 127) length = Number((await this.connection.exactly(8)).readBigUInt64BE());
    const payload = await this.connection.exactly(length);
    return { opcode: first & 15, isFinal: (first & 0x80) !== 0, isCompressed: (first & 0x40) !== 0, payload };
  }

  /** The code of the close frame, after all other frames; null if the connection ends without one. */
  async closeCode(): Promise<number | null> {
    for (;;) {
      const frame = await this.frame().catch(() => null);
      if (frame === null) return null;
      if (frame.opcode === CLOSE_FRAME) return frame.payload.length === 0 ? 1005 : frame.payload.readUInt16BE();
    }
  }
}
