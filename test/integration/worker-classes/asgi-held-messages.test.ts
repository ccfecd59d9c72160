// The memory of WebSocket messages that an ASGI application does not receive.

import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { constants, deflateRawSync } from 'node:zlib';
import { getText } from '../../harness/clients/http-request.ts';
import { clientFrame, PING_FRAME, PONG_FRAME, RawWebSocket, TEXT_FRAME } from '../../harness/clients/raw-web-socket.ts';
import { otherServer } from '../../harness/project.ts';
import { scenario } from '../../harness/scenario.ts';

const WEB_SOCKETS = 60;
const MESSAGE_BYTES = 4 * 1024 * 1024;
const LIMIT_BYTES = 64 * 1024 * 1024;
/** An interpreter, and copies of the message that is being assembled. */
const BESIDE_BYTES = 80 * 1024 * 1024;
const COMPRESSED = 0x40;

const APP = `
import asyncio, os

async def application(scope, receive, send):
    if scope["type"] == "http":
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"2")]})
        await send({"type": "http.response.body", "body": b"ok"})
    elif scope["type"] == "websocket":
        await receive()
        await send({"type": "websocket.accept"})
        while not os.path.exists("receive-now"):
            await asyncio.sleep(0.05)
        while length := received_length(await receive()):
            await send({"type": "websocket.send", "text": str(length)})

def received_length(message):
    return len(message.get("bytes", b""))
`;

function compressed(bytes: Buffer): Buffer {
  const flushed = deflateRawSync(bytes, { finishFlush: constants.Z_SYNC_FLUSH });
  return flushed.subarray(0, flushed.length - 4); // RFC 7692 section 7.2.1
}

scenario(
  'compressed messages that an application does not receive take a bounded part of its memory, and it gets them all',
  async (scene) => {
    const server = await scene.tunicorn({
      app: 'slow_ears',
      files: { 'slow_ears.py': APP },
      args: ['-k', 'asgi', '--websocket-compression', '--gateway-memory', '0'],
    });
    const bomb = clientFrame(TEXT_FRAME + 1, compressed(Buffer.alloc(MESSAGE_BYTES)), { reserved: COMPRESSED });
    const sockets: RawWebSocket[] = [];
    for (let number = 0; number < WEB_SOCKETS; number += 1) {
      const socket = await RawWebSocket.open(server.target, '/', 'Sec-WebSocket-Extensions: permessage-deflate\r\n');
      scene.defer(() => socket.connection.close());
      assert.equal((await socket.accepted()).status, 101);
      sockets.push(socket);
    }
    for (const socket of sockets) await socket.connection.send(Buffer.concat([bomb, clientFrame(PING_FRAME, '')]));
    // The gateway has inflated them all.
    for (const socket of sockets) assert.equal((await socket.frame()).opcode, PONG_FRAME);
    assert.equal(await getText(server.target), 'ok');
    writeFileSync(scene.path('receive-now'), '');
    for (const socket of sockets) assert.equal((await socket.frame()).payload.toString(), String(MESSAGE_BYTES));
    const [worker = 0] = server.workerPids();
    const peakBytes = server.peakMemory().get(worker) ?? 0;
    assert.ok(peakBytes < LIMIT_BYTES + BESIDE_BYTES, `the worker had ${Math.round(peakBytes / 2 ** 20)} MiB`);
    for (const socket of sockets) socket.connection.close();
    assert.equal((await server.stop()).code, 0);
  },
  { skip: otherServer && 'only for Tunicorn' },
);
