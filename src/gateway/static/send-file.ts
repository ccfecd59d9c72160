// Sends a file, or a part of it, as the response of an exchange. Reads ahead by one piece: a slow client costs two pieces of memory, and
// its file stays open until it leaves.

import { END } from '../../runqueue/channel-frame.ts';
import type { Exchange } from '../exchange/exchange.ts';
import type { FileResponse } from './file-response.ts';
import { isUnchanged, type OpenFile, readAt } from './open-file.ts';

const PIECE_BYTES = 64 * 1024;
const NOTHING = Buffer.alloc(0);

/** `changed`: the file is no longer what its head says, so the response must not look complete. */
export type Sent = 'done' | 'client-gone' | 'changed';

/** The exchange waits. The caller closes the file. */
export async function sendFile(exchange: Exchange, file: OpenFile, response: FileResponse): Promise<Sent> {
  const { head, startByte, endByte } = response;
  const whole = { ...head, flags: head.flags | END };
  if (startByte === endByte || exchange.request.head.method === 'HEAD') {
    exchange.serve(whole, NOTHING);
    return 'done';
  }
  if (endByte - startByte > PIECE_BYTES) {
    exchange.serve(head, NOTHING);
    return await sendPieces(exchange, file, response);
  }
  const body = await readPiece(file, startByte, endByte);
  if (body === null) return 'changed';
  if (exchange.state.kind !== 'waiting') return 'client-gone';
  exchange.serve(whole, body);
  return 'done';
}

async function sendPieces(exchange: Exchange, file: OpenFile, { startByte, endByte }: FileResponse): Promise<Sent> {
  for (let at = startByte; at < endByte; ) {
    const pieceEnd = Math.min(at + PIECE_BYTES, endByte);
    const piece = await readPiece(file, at, pieceEnd, pieceEnd === endByte);
    if (piece === null) return 'changed';
    await room(exchange);
    if (!isResponding(exchange)) return 'client-gone';
    at = pieceEnd;
    exchange.continue(at === endByte ? END : 0, piece);
  }
  return 'done';
}

/** Null if the file is shorter than it was, or, for the last piece, if it was written to. */
async function readPiece(file: OpenFile, at: number, end: number, isLast: boolean = true): Promise<Buffer | null> {
  const piece = Buffer.allocUnsafeSlow(end - at);
  let read = 0;
  while (read < piece.length) {
    const bytes = await readAt(file.fd, piece.subarray(read), at + read);
    if (bytes === 0) return null;
    read += bytes;
  }
  return isLast && !(await isUnchanged(file)) ? null : piece;
}

/** Resolves when the client has read the last piece, or has left. */
async function room(exchange: Exchange): Promise<void> {
  let isFull = true;
  while (isFull && isResponding(exchange)) {
    isFull = await new Promise<boolean>((resolve) => {
      if (!exchange.client.isSocketFull(() => resolve(true))) resolve(false);
    });
  }
}

function isResponding(exchange: Exchange): boolean {
  return exchange.state.kind === 'responding';
}
