// WebSocket clients: short ones with each kind of end, and some that stay as long as the server lets them.

import {
  CLOSE_FRAME,
  closePayload,
  PING_FRAME,
  PONG_FRAME,
  RawWebSocket,
  TEXT_FRAME,
} from '../../../test/harness/clients/raw-web-socket.ts';
import { pause } from '../../../test/harness/deadline.ts';
import { type ClientKind, Failure, type Visitor } from './traffic.ts';

type Goodbye = 'closes' | 'is closed' | 'leaves';

const messageBytes = [10, 2000, 100_000];
const closedInOrder = 1000;
const workerLeaves = 1012;

export const webSocketClients: readonly ClientKind[] = [
  client('WebSocket, closes', 2, 100, webSocket(6, 20, 'closes')),
  client('WebSocket, is closed', 1, 200, webSocket(4, 20, 'is closed')),
  client('WebSocket, leaves', 2, 200, webSocket(4, 20, 'leaves')),
  client('WebSocket, stays', 6, 100, webSocket(50, 150, 'closes')),
];

function client(name: string, count: number, pauseMs: number, visit: Visitor): ClientKind {
  return { name, count, pauseMs, open: () => ({ visit }) };
}

function webSocket(messages: number, pauseMs: number, goodbye: Goodbye): Visitor {
  return async (target, { number }) => {
    const socket = await RawWebSocket.open(target);
    try {
      const { status } = await socket.accepted();
      if (status !== 101) {
        throw new Failure(status === 502 ? 'bad gateway' : 'wrong', `the handshake was answered ${status}`);
      }
      for (let count = 0; count < messages; count += 1) {
        const text = `${number} ${count} `.padEnd(messageBytes[count % messageBytes.length] ?? 0, 'm');
        if ((await echo(socket, text)) === 'sent away') return 'sent away';
        await pause(pauseMs);
      }
      return await end(socket, goodbye);
    } finally {
      socket.connection.close();
    }
  };
}

async function echo(socket: RawWebSocket, text: string): Promise<'echoed' | 'sent away'> {
  // A send on a connection that the server is closing may fail before the close frame is read.
  await socket.send(TEXT_FRAME, text).catch(() => {});
  for (;;) {
    const frame = await socket.frame();
    if (frame.opcode === PING_FRAME) await socket.send(PONG_FRAME, frame.payload);
    if (frame.opcode === CLOSE_FRAME) return await sentAway(socket, frame.payload);
    if (frame.opcode !== TEXT_FRAME) continue;
    if (frame.payload.toString() === text) return 'echoed';
    throw new Failure('wrong', `a message of ${text.length} bytes came back changed`);
  }
}

async function sentAway(socket: RawWebSocket, payload: Buffer): Promise<'sent away'> {
  const code = payload.length < 2 ? undefined : payload.readUInt16BE();
  if (code !== workerLeaves) throw new Failure('lost', `closed with ${code}: ${payload.toString('utf8', 2)}`);
  await socket.send(CLOSE_FRAME, closePayload(code)).catch(() => {});
  return 'sent away';
}

async function end(socket: RawWebSocket, goodbye: Goodbye): Promise<'right' | 'left' | 'sent away'> {
  if (goodbye === 'leaves') return 'left';
  if (goodbye === 'closes') await socket.send(CLOSE_FRAME, closePayload(closedInOrder)).catch(() => {});
  else await socket.send(TEXT_FRAME, 'bye').catch(() => {});
  const code = await socket.closeCode();
  if (code === workerLeaves) return 'sent away';
  if (code !== closedInOrder) throw new Failure('lost', `the goodbye was answered ${code ?? 'with no close frame'}`);
  return 'right';
}
