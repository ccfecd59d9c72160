// Channel frames: the vectors, any bytes, any cut, long streams, and frames that the worker's own half has sent.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';
import { ChannelDecoder } from '../../../src/runqueue/channel-decoder.ts';
import {
  ASK,
  BODY,
  CLOSE,
  closeFrame,
  dataFrame,
  END,
  FRAME_HEADER_BYTES,
  FRAMED,
  goneFrame,
  HEAD,
  HELLO,
  HINTS,
  MESSAGE,
  messageHeader,
  PROBED,
  pieceHeader,
  SKIP,
  TEXT,
  takenFrame,
  WATCH,
} from '../../../src/runqueue/channel-frame.ts';
import { root } from '../../harness/project.ts';
import { ChannelRecorder, type Heard, listen } from '../gateway/exchange/channel-recorder.ts';
import { byteByByte, seededRandom } from '../gateway/http1/conversation.ts';
import { collectGarbage } from '../gateway/http1/garbage.ts';
import { bytesOf, joinFields, vectors, type WorkerFrame } from './vectors.ts';

const MIB = 1024 * 1024;
const SAID_HELLO = frame(HELLO, 0, Buffer.from('030000009210000001000000', 'hex'));

function frame(type: number, id: number, payload: Buffer = Buffer.alloc(0), flags = 0, status = 0): Buffer {
  const header = frameHeader(type, id, payload.length, flags, status);
  return Buffer.concat([header, payload]);
}

function frameHeader(type: number, id: number, payloadBytes: number, flags = 0, status = 0): Buffer {
  const header = Buffer.alloc(FRAME_HEADER_BYTES);
  header.writeUInt32LE(FRAME_HEADER_BYTES + payloadBytes, 0);
  header.writeUInt8(type, 4);
  header.writeUInt8(flags, 5);
  header.writeUInt16LE(status, 6);
  header.writeBigUInt64LE(BigInt(id), 8);
  return header;
}

function headFrame(id: number, head: string, body: Buffer, flags: number): Buffer {
  const length = Buffer.alloc(4);
  length.writeUInt32LE(head.length);
  return frame(HEAD, id, Buffer.concat([length, Buffer.from(head, 'latin1'), body]), flags, 200);
}

function accepted(id: number): Buffer {
  return frame(HEAD, id, Buffer.from('1900000031303120537769746368696e672050726f746f636f6c730d0a', 'hex'), 0, 101);
}

/** The decoder's report of a single frame, after its required predecessors. */
function expected(wanted: WorkerFrame): Heard {
  if (wanted.type === 'TUNNEL') return { ...wanted, rawHex: '' };
  if (wanted.type !== 'HEAD' && wanted.type !== 'BODY') return wanted;
  const { id, framed, bodyHex } = wanted;
  const end = wanted.end ? (wanted.aborted ? 'aborted' : 'whole') : 'none';
  if (wanted.type === 'HEAD') {
    return { type: 'RESPONSE', id, status: wanted.status, framed, head: wanted.head, end, bodyHex };
  }
  return { type: 'RESPONSE', id, status: 200, framed: false, head: '200 OK\r\n', end, bodyHex };
}

/** The frames that a worker must have sent before this one. */
function before(wanted: WorkerFrame): Buffer {
  if (wanted.type === 'HELLO') return Buffer.alloc(0);
  if (wanted.type === 'MESSAGE' || wanted.type === 'CLOSE') return Buffer.concat([SAID_HELLO, accepted(wanted.id)]);
  if (wanted.type !== 'BODY' && wanted.type !== 'TRAILERS') return SAID_HELLO;
  return Buffer.concat([SAID_HELLO, headFrame(wanted.id, '200 OK\r\n', Buffer.alloc(0), 0)]);
}

for (const vector of vectors.workerFrames.good) {
  test(`the decoder reads ${vector.name}, whole and byte by byte`, () => {
    const bytes = Buffer.concat([before(vector.decoded), bytesOf(vector)]);
    for (const cuts of [[], byteByByte()]) {
      const { heard, wrong } = listen(bytes, cuts);
      assert.equal(wrong, null);
      assert.deepEqual(heard.at(-1), expected(vector.decoded));
    }
  });
}

for (const vector of vectors.gatewayFrames.good) {
  test(`the encoder writes ${vector.name}, byte for byte`, () => {
    const { decoded } = vector;
    const body = (hex: string): Buffer | null => (hex === '' ? null : Buffer.from(hex, 'hex'));
    const encode = (): Buffer => {
      if (decoded.type === 'DATA') return dataFrame(decoded.id, joinFields(decoded.fields), body(decoded.bodyHex));
      return decoded.type === 'GONE' ? goneFrame(decoded.id) : takenFrame(decoded.id);
    };
    assert.equal(encode().toString('hex'), vector.hex);
  });
}

for (const vector of vectors.watchFrames.good) {
  test(`the encoder writes ${vector.name}, byte for byte`, () => {
    const { type, flags, status, id, payloadHex } = vector.decoded;
    const payload = Buffer.from(payloadHex, 'hex');
    const encode = (): Buffer => {
      if (type === 'CLOSE') return closeFrame(id, status, payload);
      if (type === 'GONE') return goneFrame(id);
      const header =
        type === 'DATA' ? pieceHeader(id, flags, payload.length) : messageHeader(id, flags, payload.length);
      return Buffer.concat([header, payload]);
    };
    assert.equal(encode().toString('hex'), vector.hex);
  });
}

for (const vector of vectors.conversations.good) {
  test(`the decoder follows ${vector.name}, wherever it is cut`, () => {
    const bytes = bytesOf(vector);
    const whole = listen(bytes, []);
    assert.equal(whole.wrong, null);
    const types = vector.types.filter((type) => type !== 'BODY').map((type) => (type === 'HEAD' ? 'RESPONSE' : type));
    assert.deepEqual(
      whole.heard.map(({ type }) => type),
      types,
    );
    assert.ok(whole.heard.every((one) => one.type !== 'RESPONSE' || one.end !== 'none'));
    for (let cut = 1; cut < bytes.length; cut += 1) assert.deepEqual(listen(bytes, [cut]), whole, `cut at ${cut}`);
    assert.deepEqual(listen(bytes, byteByByte()), whole);
  });
}

for (const vector of vectors.conversations.bad) {
  test(`the decoder breaks the channel over ${vector.name}, wherever it is cut`, () => {
    const bytes = bytesOf(vector);
    const whole = listen(bytes, []);
    assert.notEqual(whole.wrong, null);
    for (let cut = 1; cut < bytes.length; cut += 1) assert.deepEqual(listen(bytes, [cut]), whole, `cut at ${cut}`);
  });
}

type Random = (limit: number) => number;

function randomBytes(random: Random, limit: number): Buffer {
  const bytes = Buffer.alloc(random(limit));
  for (let at = 0; at < bytes.length; at += 1) bytes[at] = random(256);
  return bytes;
}

function randomConversation(random: Random): Buffer {
  const frames = [SAID_HELLO];
  for (let id = 1 + random(5); frames.length < 8; id += 1) {
    const kind = random(8);
    if (kind === 0) frames.push(frame(SKIP, id, undefined, END));
    else if (kind === 4) frames.push(...randomWebSocket(random, id));
    else if (kind === 1) frames.push(frame(PROBED, id, undefined, END));
    else {
      if (kind === 2) frames.push(frame(ASK, id));
      if (kind === 3) frames.push(frame(WATCH, id));
      for (let count = random(6) - 3; count > 0; count -= 1) frames.push(frame(HINTS, id, randomBytes(random, 60)));
      const head = `200 OK\r\nX: ${randomBytes(random, 60).toString('latin1')}\r\n`;
      let left = random(4);
      const framed = random(2) * FRAMED;
      frames.push(headFrame(id, head, randomBytes(random, 40), left === 0 ? framed | lastFlags(random) : framed));
      for (; left > 0; left -= 1)
        frames.push(frame(BODY, id, randomBytes(random, 80), left === 1 ? lastFlags(random) : 0));
    }
  }
  return Buffer.concat(frames);
}

function randomWebSocket(random: Random, id: number): Buffer[] {
  const frames = [accepted(id)];
  for (let left = random(4); left > 0; left -= 1)
    frames.push(frame(MESSAGE, id, randomBytes(random, 60), random(2) * TEXT));
  frames.push(frame(CLOSE, id, Buffer.from('bye'.repeat(random(4))), END, 1000));
  return frames;
}

function lastFlags(random: Random): number {
  return random(4) === 0 ? 5 : END;
}

test('a conversation decodes alike in any pieces', () => {
  const random = seededRandom(64);
  for (let round = 0; round < 1500; round += 1) {
    const bytes = randomConversation(random);
    const whole = listen(bytes, []);
    assert.equal(whole.wrong, null);
    const cuts = Array.from({ length: 60 }, () => 1 + random(round % 2 === 0 ? 9 : 60));
    assert.deepEqual(listen(bytes, cuts), whole, `round ${round}, cuts ${cuts}`);
    if (round % 25 === 0) assert.deepEqual(listen(bytes, byteByByte()), whole, `round ${round}`);
  }
});

test('any bytes are parsed or refused, in whatever pieces they arrive', () => {
  const random = seededRandom(911);
  const outcomes = new Map<string, number>();
  for (let round = 0; round < 6000; round += 1) {
    const bytes = round % 10 === 0 ? randomBytes(random, 200) : randomConversation(random);
    const harm = random(3);
    for (let count = 0; count < harm; count += 1) {
      const value = [0, 1, 4, 8, 9, 15, 16, 255, random(256)][random(9)] ?? 0;
      // The beginning of the conversation, where the headers are close together.
      if (bytes.length > 0) bytes[random(Math.min(bytes.length, 120))] = value;
    }
    const sent = random(5) === 0 ? bytes.subarray(0, random(bytes.length + 1)) : bytes;
    const whole = listen(sent, []);
    assert.deepEqual(
      listen(
        sent,
        Array.from({ length: 50 }, () => 1 + random(30)),
      ),
      whole,
      sent.toString('hex'),
    );
    const outcome = whole.wrong?.replace(/\d+/g, 'N') ?? 'followed';
    outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
  }
  // The fuzz is worth something only if it gets everywhere.
  assert.ok((outcomes.get('followed') ?? 0) > 500, JSON.stringify([...outcomes]));
  assert.ok(outcomes.size > 8, JSON.stringify([...outcomes]));
});

test('a message of 3 MiB is passed on in pieces, one of 1 MiB whole', () => {
  for (const [bytes, whole] of [
    [MIB, true],
    [3 * MIB, false],
  ] as const) {
    const pieces: { readonly bytes: number; readonly isLast: boolean }[] = [];
    const sink = new ChannelRecorder();
    sink.message = (_id, flags, piece, isLast) => {
      assert.equal(flags, TEXT);
      pieces.push({ bytes: piece.length, isLast });
    };
    const decoder = new ChannelDecoder(sink);
    const sent = Buffer.concat([SAID_HELLO, accepted(1), frame(MESSAGE, 1, Buffer.alloc(bytes, 97), TEXT)]);
    for (let at = 0; at < sent.length; at += 64 * 1024)
      assert.equal(decoder.push(sent.subarray(at, at + 64 * 1024)), null);
    assert.equal(pieces.length === 1, whole);
    assert.equal(
      pieces.reduce((sum, piece) => sum + piece.bytes, 0),
      bytes,
    );
    assert.deepEqual(
      pieces.map((piece) => piece.isLast),
      pieces.map((_, index) => index === pieces.length - 1),
    );
  }
});

test('a body of 50 MB passes in the chunks in which it arrives, none copied and none kept', async () => {
  const chunkBytes = 64 * 1024;
  const bodyBytes = 50 * MIB;
  let passed = 0;
  let current: Buffer = Buffer.alloc(0);
  let foreign = 0;
  let ends = 0;
  const sink = new ChannelRecorder();
  sink.body = (_id, flags, piece) => {
    passed += piece.length;
    if (piece.length > 0 && piece.buffer !== current.buffer) foreign += 1;
    if ((flags & END) !== 0) ends += 1;
  };
  const decoder = new ChannelDecoder(sink);
  assert.equal(decoder.push(Buffer.concat([SAID_HELLO, headFrame(1, '200 OK\r\n', Buffer.alloc(0), 0)])), null);
  assert.equal(decoder.push(frameHeader(BODY, 1, bodyBytes, END)), null);
  const seen: WeakRef<Buffer>[] = [];
  for (let sent = 0; sent < bodyBytes; sent += chunkBytes) {
    current = Buffer.allocUnsafeSlow(chunkBytes);
    if (seen.length < 50) seen.push(new WeakRef(current));
    assert.equal(decoder.push(current), null);
    if (seen.length === 50 && sent < bodyBytes / 2) {
      seen.push(new WeakRef(current));
      await collectGarbage();
      const kept = seen.filter((chunk) => chunk.deref() !== undefined && chunk.deref() !== current);
      assert.equal(kept.length, 0);
    }
  }
  assert.deepEqual([passed, foreign, ends], [bodyBytes, 0, 1]);
});

test('a head of 1 MB that arrives byte by byte is assembled without copying it again and again', () => {
  const head = `200 OK\r\nX: ${'h'.repeat(MIB)}\r\n`;
  const bytes = headFrame(1, head, Buffer.from('body'), END);
  const recorder = new ChannelRecorder();
  const decoder = new ChannelDecoder(recorder);
  decoder.push(SAID_HELLO);
  // Copying it for each byte would take hours; the limit ends that.
  const endMs = performance.now() + 10_000;
  for (let at = 0; at < bytes.length; at += 1) {
    assert.equal(decoder.push(bytes.subarray(at, at + 1)), null);
    if (at % 1024 === 0) assert.ok(performance.now() < endMs, `only ${at} of ${bytes.length} bytes in 10 s`);
  }
  const response = recorder.heard.at(-1);
  assert.ok(response?.type === 'RESPONSE');
  assert.equal(response.head, head);
  assert.equal(response.bodyHex, Buffer.from('body').toString('hex'));
});

test('the beginning of a frame is kept, not the chunk that it came in', async () => {
  const decoder = new ChannelDecoder(new ChannelRecorder());
  const push = (): WeakRef<Buffer> => {
    const chunk = Buffer.allocUnsafeSlow(MIB);
    SAID_HELLO.copy(chunk, MIB - SAID_HELLO.length - 3);
    frame(SKIP, 1, undefined, END).copy(chunk, MIB - 3);
    assert.equal(decoder.push(chunk.subarray(MIB - SAID_HELLO.length - 3)), null);
    return new WeakRef(chunk);
  };
  const chunk = push();
  await collectGarbage();
  assert.equal(chunk.deref(), undefined);
  assert.equal(decoder.push(frame(SKIP, 1, undefined, END).subarray(3)), null);
});

const PYTHON_WORKER = `
import json, random, socket, sys
sys.path.insert(0, sys.argv[1])
from tunicorn.channels.channel import Channel
from tunicorn.channels.channel_frame import (
    ABORTED, END, FRAMED, TEXT, close_frame, hello_frame, message_header, trailers_frame
)

class Claim:
    def hold(self): pass
    def unhold(self): pass

source = random.Random(5)
ours, gateway = socket.socketpair()
gateway.setblocking(False)
channel = Channel(Claim(), lambda: ours)
channel.connect()
sent, heard = [], []

def receive():
    ours_has_sent = b""
    while True:
        try:
            ours_has_sent += gateway.recv(1 << 20)
        except BlockingIOError:
            sent.append(ours_has_sent)
            return

def some_bytes(limit):
    return bytes(source.randrange(256) for _ in range(source.randrange(limit)))

ours.sendall(hello_frame(3, 4242, 1))
receive()
heard.append({"type": "HELLO", "slot": 3, "pid": 4242, "generation": 1})
for number in range(1, 200):
    id = number * 2**40 + source.randrange(2**40)
    kind = source.randrange(7)
    if source.randrange(3) == 0 and kind >= 2:
        channel.watch(id)
        heard.append({"type": "WATCH", "id": id})
    if kind == 6:
        channel.failed(id, number % 2 == 0)
        receive()
        heard.append({"type": "FAILED", "id": id, "closing": number % 2 == 0})
        continue
    if kind == 5:
        channel.head(id, 101, 0, head=b"101 Switching Protocols\\r\\n", body=b"")
        heard.append({
            "type": "RESPONSE", "id": id, "status": 101, "framed": False, "head": "101 Switching Protocols\\r\\n",
            "end": "whole", "bodyHex": "",
        })
        for _ in range(source.randrange(4)):
            flags = source.choice((0, TEXT))
            data = some_bytes(50000 if number % 10 == 0 else 100)
            ours.sendall(message_header(id, flags, len(data)) + data)
            receive()
            heard.append({"type": "MESSAGE", "id": id, "text": bool(flags), "bodyHex": data.hex()})
        ours.sendall(close_frame(id, 4000 + number, "\u00fc" * 70))
        receive()
        heard.append({"type": "CLOSE", "id": id, "code": 4000 + number, "reason": "\u00fc" * 61})
        continue
    if kind < 2:
        name = ("SKIP", "PROBED")[kind]
        (channel.skip, channel.probed)[kind](id)
        receive()
        heard.append({"type": name, "id": id})
        continue
    pieces = [some_bytes(40000 if number % 20 == 0 else 200) for _ in range(source.randrange(1, 4))]
    for _ in range(source.randrange(3)):
        lines = "X-Name: " + some_bytes(300).decode("latin-1") + "\\r\\n"
        channel.hints(id, lines.encode("latin-1"))
        receive()
        heard.append({"type": "HINTS", "id": id, "lines": lines})
    trailers = source.randrange(4) == 0
    framed = source.choice((0, FRAMED))
    last = source.choice((END, END | ABORTED))
    head = "200 OK\\r\\nX-Name: " + some_bytes(300).decode("latin-1") + "\\r\\n"
    for place, piece in enumerate(pieces):
        end = last if place == len(pieces) - 1 and not trailers else 0
        if place == 0:
            channel.head(id, 200, framed | end, head=head.encode("latin-1"), body=piece)
        else:
            channel.body(id, end, memoryview(piece))
        receive()
    heard.append({
        "type": "RESPONSE", "id": id, "status": 200, "framed": bool(framed), "head": head,
        "end": "aborted" if last & ABORTED and not trailers else "whole", "bodyHex": b"".join(pieces).hex(),
    })
    if trailers:
        ours.sendall(trailers_frame(id, b"X-Name: x\\r\\n"))
        receive()
        heard.append({"type": "TRAILERS", "id": id, "lines": "X-Name: x\\r\\n"})
print(json.dumps({"sent": b"".join(sent).hex(), "heard": heard}))
`;

test("the decoder understands the worker's frames", () => {
  const python = spawnSync('python3', ['-c', PYTHON_WORKER, `${root}/python`], {
    encoding: 'utf8',
    maxBuffer: 64 * MIB,
  });
  assert.equal(python.status, 0, python.stderr);
  const { sent, heard }: { sent: string; heard: Heard[] } = JSON.parse(python.stdout);
  const bytes = Buffer.from(sent, 'hex');
  assert.ok(heard.filter(({ type }) => type === 'MESSAGE').length > 30);
  assert.ok(heard.filter(({ type }) => type === 'TRAILERS').length > 10);
  assert.ok(heard.filter(({ type }) => type === 'HINTS').length > 50);
  assert.deepEqual(listen(bytes, []), { heard, wrong: null });
  const random = seededRandom(3);
  assert.deepEqual(
    listen(
      bytes,
      Array.from({ length: 3000 }, () => 1 + random(200)),
    ),
    { heard, wrong: null },
  );
});
