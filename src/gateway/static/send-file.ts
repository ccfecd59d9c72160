// Sends a file, or a part of it, as the response of an exchange. Reads ahead by one piece: a slow client costs two pieces of memory, and
// its file stays open until it leaves.

import { END } from '../../runqueue/channel-frame.ts';
import type { Exchange } from '../exchange/exchange.ts';
import type { FileResponse } from './file-response.ts';
import type { OpenFile, ServedFile } from './file-stamp.ts';
import { fill } from './open-file.ts';

const PIECE_BYTES = 64 * 1024;
const NOTHING = Buffer.alloc(0);

/** `changed`: the file is no longer what its head says, so the response must not look complete. */
export type Sent = 'done' | 'client-gone' | 'changed';

/** The exchange may serve. The caller closes the file. */
export async function sendFile(exchange: Exchange, file: ServedFile, response: FileResponse): Promise<Sent> {
  const { head, startByte, endByte } = response;
  const whole = { ...head, flags: head.flags | END };
  if (startByte === endByte || exchange.request.head.method === 'HEAD') {
    exchange.serve(whole, NOTHING);
    return 'done';
  }
  if (file.kind === 'kept') {
    exchange.serve(whole, file.content.subarray(startByte, endByte));
    return 'done';
  }
  if (endByte - startByte > PIECE_BYTES) {
    exchange.serve(head, NOTHING);
    return await sendPieces(exchange, file, response);
  }
  const body = Buffer.allocUnsafeSlow(endByte - startByte);
  if (!(await fill(body, file, startByte, true))) return 'changed';
  if (!exchange.mayServe) return 'client-gone';
  exchange.serve(whole, body);
  return 'done';
}

async function sendPieces(exchange: Exchange, file: OpenFile, { startByte, endByte }: FileResponse): Promise<Sent> {
  // Two buffers take turns: fresh ones for each piece would wait for the garbage collector by the megabyte.
  let [next, sent] = [newBuffer(), newBuffer()];
  for (let at = startByte; at < endByte; ) {
    const piece = next.subarray(0, endByte - at);
    const isLast = at + piece.length === endByte;
    if (!(await fill(piece, file, at, isLast))) return 'changed';
    await room(exchange);
    if (!isResponding(exchange)) return 'client-gone';
    if (!exchange.client.hasSentAll()) sent = newBuffer();
    at += piece.length;
    exchange.sendPiece(piece, isLast);
    [next, sent] = [sent, next];
  }
  return 'done';
}

function newBuffer(): Buffer {
  return Buffer.allocUnsafeSlow(PIECE_BYTES);
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
