// Packets of the uwsgi protocol in the bytes of a connection, however they are cut.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Refusal } from '../../../../src/gateway/http1/refusal.ts';
import { PacketReader } from '../../../../src/gateway/uwsgi/packet-reader.ts';
import { GET_SEEN, uwsgiHeader, uwsgiPacket, variablesBlock } from '../../../harness/clients/uwsgi-packet.ts';

const PACKET = uwsgiPacket(GET_SEEN);
const BLOCK = variablesBlock(GET_SEEN);

test('a packet has the same variables wherever it is cut, and the bytes after it remain', () => {
  const bytes = Buffer.concat([PACKET, Buffer.from('body')]);
  for (let cut = 0; cut <= bytes.length; cut += 1) {
    const reader = new PacketReader();
    let variables = reader.push(bytes.subarray(0, cut), 0);
    let end = reader.end;
    if (variables === null) {
      variables = reader.push(bytes.subarray(cut), 0);
      end = reader.end + cut;
    }
    assert.deepEqual(variables, BLOCK, `cut at ${cut}`);
    assert.equal(end, PACKET.length, `cut at ${cut}`);
  }
});

test('packets that arrive byte by byte, or behind each other, are read one by one', () => {
  const reader = new PacketReader();
  const twice = Buffer.concat([PACKET, PACKET]);
  const found: (Buffer | Refusal)[] = [];
  for (const byte of twice) {
    const variables = reader.push(Buffer.from([byte]), 0);
    if (variables !== null) found.push(variables);
  }
  assert.deepEqual(found, [BLOCK, BLOCK]);
  assert.deepEqual(reader.push(twice, 0), BLOCK);
  assert.deepEqual(reader.push(twice, reader.end), BLOCK);
  assert.equal(reader.end, twice.length);
});

test('a packet may be empty, or as long as its size can say', () => {
  assert.equal((new PacketReader().push(uwsgiHeader(0), 0) as Buffer).length, 0);
  const longest = Buffer.alloc(65_535, 'x');
  const reader = new PacketReader();
  assert.equal(reader.push(uwsgiHeader(longest.length), 0), null);
  assert.equal(reader.push(longest.subarray(1), 0), null);
  assert.deepEqual(reader.push(longest.subarray(0, 1), 0), longest);
});

test('a modifier other than 0 is refused at its first byte; modifier2 may be anything', () => {
  for (const first of [1, 30, 'G'.charCodeAt(0), 255]) {
    const refusal = new PacketReader().push(Buffer.from([first]), 0);
    assert.ok(refusal instanceof Refusal);
    assert.deepEqual([refusal.status, refusal.logMessage], [501, `Unsupported uWSGI modifier1: ${first}`]);
  }
  const packet = Buffer.from(PACKET);
  packet[3] = 7;
  assert.deepEqual(new PacketReader().push(packet, 0), BLOCK);
});
