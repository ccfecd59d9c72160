// Sends until the other side applies backpressure.

import type { Socket } from 'node:net';
import { eventually } from '../deadline.ts';

/** Sends until nothing more is accepted. Returns the bytes sent. */
export async function untilHeld(socket: Socket, bytes: Buffer): Promise<number> {
  let [sent, quiet, last] = [0, 0, -1];
  await eventually('the sender to be held back', () => {
    while (socket.writableLength < 256 * 1024) {
      socket.write(bytes);
      sent += bytes.length;
    }
    const passed = socket.bytesWritten - socket.writableLength;
    quiet = passed === last ? quiet + 1 : 0;
    last = passed;
    return quiet > 25;
  });
  return sent;
}
