// The gateway's WebSockets with a third-party client, the Python package `websockets`, against a worker that echoes.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { test } from 'node:test';
import { TEXT } from '../../../src/runqueue/channel-frame.ts';
import { within } from '../../harness/deadline.ts';
import { LiveGateway } from '../../harness/doubles/live-gateway.ts';
import type { TakenTicket } from '../../harness/doubles/worker-double.ts';
import { root } from '../../harness/project.ts';

const CLIENT = `
import json, sys
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

uri, compression = sys.argv[1], None if sys.argv[2] == "none" else sys.argv[2]
heard = {"extensions": [], "wrong": []}
sizes = [0, 1, 125, 126, 127, 65535, 65536, 300_000, 2_000_000]
with connect(uri, compression=compression, subprotocols=["other", "echo"], max_size=None) as client:
    heard["subprotocol"] = client.subprotocol
    heard["extensions"] = [extension.name for extension in client.protocol.extensions]
    for size in sizes:
        for message in ("\\u00e4\\U0001f33b"[: size % 3] + "t" * max(0, size - 2), bytes(range(256)) * (size // 256) + b"b" * (size % 256)):
            client.send(message)
            if client.recv(timeout=20) != message:
                heard["wrong"].append(size)
    # Fragments, cut in the middle of a character, with a ping between two messages.
    client.send(["frag", "m\\u00e4", "nts"])
    heard["fragments"] = client.recv(timeout=20)
    heard["pong"] = client.ping().wait(20)
    client.send("close, please")
    try:
        client.recv(timeout=20)
    except ConnectionClosed as closed:
        heard["close"] = [closed.rcvd.code, closed.rcvd.reason]
print(json.dumps(heard))
`;

async function echo(taken: TakenTicket): Promise<void> {
  taken.accept('Sec-WebSocket-Protocol: echo\r\n');
  for (;;) {
    const frame = await taken.next();
    if (frame.type !== 'MESSAGE') return;
    const isText = (frame.flags & TEXT) !== 0;
    if (isText && frame.payload.toString() === 'close, please') return taken.close(4321, 'as you wish: ü');
    taken.message(isText ? frame.payload.toString() : frame.payload);
  }
}

for (const [compression, webSocketCompression, extensions] of [
  ['none', true, []],
  ['deflate', false, []],
  ['deflate', true, ['permessage-deflate']],
] as const) {
  const name = `compression ${compression} with the client and ${webSocketCompression} here`;
  test(`messages of all sizes come back as they were sent, with ${name}`, async (t) => {
    const gateway = await LiveGateway.start(t, { webSocketCompression });
    const worker = await gateway.serve();
    const client = spawn(join(root, '.venv', 'bin', 'python'), [
      ...['-c', CLIENT, `ws://127.0.0.1:${gateway.port}/echo`, compression],
    ]);
    let [output, errors] = ['', ''];
    client.stdout.setEncoding('utf8').on('data', (text: string) => {
      output += text;
    });
    client.stderr.setEncoding('utf8').on('data', (text: string) => {
      errors += text;
    });
    const exited = once(client, 'exit');
    t.after(() => client.kill());
    const taken = await worker.take();
    const echoed = echo(taken);
    await within('the end of the client', exited, 60_000);
    assert.equal(errors, '');
    assert.deepEqual(JSON.parse(output), {
      extensions,
      wrong: [],
      subprotocol: 'echo',
      fragments: 'fragmänts',
      pong: true,
      close: [4321, 'as you wish: ü'],
    });
    await echoed;
  });
}
