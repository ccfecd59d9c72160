// The checks for frameworks with WebSockets.

import assert from 'node:assert/strict';
import { field } from '../harness/clients/http-connection.ts';
import {
  acceptFor,
  BINARY_FRAME,
  CLOSE_FRAME,
  clientFrame,
  closePayload,
  RawWebSocket,
  TEXT_FRAME,
} from '../harness/clients/raw-web-socket.ts';
import type { Server } from '../harness/server.ts';
import type { Check } from './check.ts';

const BINARY = Buffer.alloc(100_000, 'tunicorn');

export const WEBSOCKET_CHECKS: readonly Check[] = [
  {
    name: 'WebSocket',
    says: 'text and 100 KB of binary data are echoed; the client closes with 1000',
    run: async (server) =>
      await withWebSocket(server, '', async (socket) => {
        for (const [opcode, payload] of [
          [TEXT_FRAME, Buffer.from('grüß dich')],
          [BINARY_FRAME, BINARY],
        ] as const) {
          await socket.send(opcode, payload);
          const echo = await socket.frame();
          assert.deepEqual([echo.opcode, echo.payload.equals(payload)], [opcode, true]);
        }
        await socket.connection.send(clientFrame(CLOSE_FRAME, closePayload(1000)));
        assert.equal(await socket.closeCode(), 1000);
      }),
  },
  {
    name: 'close code',
    says: 'the application closes with 4001 and a reason',
    run: async (server) =>
      await withWebSocket(server, '', async (socket) => {
        await socket.send(TEXT_FRAME, 'close');
        const { opcode, payload } = await socket.frame();
        assert.deepEqual([opcode, payload.readUInt16BE(), payload.toString('utf8', 2)], [CLOSE_FRAME, 4001, 'over']);
      }),
  },
  {
    name: 'subprotocol',
    says: 'the application selects one of the two that the client offers',
    run: async (server) =>
      await withWebSocket(server, 'Sec-WebSocket-Protocol: chat.v1, chat.v2\r\n', async (_, protocol) => {
        assert.equal(protocol, 'chat.v2');
      }),
  },
];

async function withWebSocket(
  { target }: Server,
  offered: string,
  use: (socket: RawWebSocket, protocol: string | undefined) => Promise<void>,
): Promise<void> {
  const socket = await RawWebSocket.open(target, '/ws', offered);
  try {
    const head = await socket.accepted();
    assert.deepEqual([head.status, field(head, 'Sec-WebSocket-Accept')], [101, acceptFor()]);
    await use(socket, field(head, 'Sec-WebSocket-Protocol'));
  } finally {
    socket.connection.close();
  }
}
