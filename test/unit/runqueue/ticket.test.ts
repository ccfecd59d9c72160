// Tickets: the vectors, any bytes, and the worker's own reader.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';
import {
  readTicket,
  TICKET_BYTES,
  TICKET_ROOM_BYTES,
  TICKET_STREAMED,
  TICKET_UPGRADE,
  type Ticket,
  writeProbeTicket,
  writeRunTicket,
} from '../../../src/runqueue/ticket.ts';
import { root } from '../../harness/project.ts';
import { seededRandom } from '../gateway/http1/conversation.ts';
import { bytesOf, joinFields, type Named, type TicketVector, vectors } from './vectors.ts';

/** A vector's bytes, filled up to a ticket. */
function ticketOf(vector: Named): Buffer {
  const ticket = Buffer.alloc(TICKET_BYTES);
  bytesOf(vector).copy(ticket);
  return ticket;
}

function decoded(buffer: Buffer, offset = 0): Ticket {
  const ticket = readTicket(buffer, offset);
  assert.ok(typeof ticket !== 'string', String(ticket));
  return ticket;
}

function encoded({ decoded: wanted }: TicketVector): Buffer {
  const buffer = Buffer.alloc(TICKET_BYTES);
  const kind = (wanted.streamed ? TICKET_STREAMED : 0) | (wanted.upgrade ? TICKET_UPGRADE : 0);
  if (wanted.kind === 'probe') {
    writeProbeTicket(buffer, 0, wanted);
  } else if (wanted.follows) {
    const fields = 'x'.repeat(wanted.fieldsBytes);
    writeRunTicket(buffer, 0, { ...wanted, fields, body: Buffer.alloc(wanted.bodyBytes), kind });
  } else {
    const body = wanted.bodyHex === '' ? null : Buffer.from(wanted.bodyHex, 'hex');
    writeRunTicket(buffer, 0, { ...wanted, fields: joinFields(wanted.fields), body, kind });
  }
  return buffer;
}

for (const vector of vectors.tickets.good) {
  test(`readTicket() reads ${vector.name}`, () => {
    const { fields, bodyHex, ...wanted } = vector.decoded;
    const { fields: text, body, ...ticket } = decoded(ticketOf(vector));
    assert.deepEqual(ticket, wanted);
    assert.equal(text, joinFields(fields));
    assert.equal(body.toString('hex'), bodyHex);
  });

  test(`the encoder writes ${vector.name}, byte for byte`, () => {
    assert.equal(encoded(vector).toString('hex'), ticketOf(vector).toString('hex'));
  });
}

for (const vector of vectors.tickets.bad) {
  test(`readTicket() refuses ${vector.name}`, () => {
    assert.equal(typeof readTicket(ticketOf(vector), 0), 'string');
  });
}

test('readTicket() refuses fewer than 4096 bytes', () => {
  const [vector] = vectors.tickets.good;
  assert.ok(vector !== undefined);
  assert.match(String(readTicket(ticketOf(vector).subarray(1), 0)), /4096 bytes, got 4095/);
  assert.match(String(readTicket(ticketOf(vector), 1)), /4096 bytes, got 4095/);
});

test('a ticket is written at the given offset, and nothing beside it', () => {
  const buffer = Buffer.alloc(3 * TICKET_BYTES, 0xee);
  const parts = { id: 5, gateway: 1, cancel: 2, rawPath: false, waitedMs: 0, kind: 0 };
  writeRunTicket(buffer, TICKET_BYTES, { ...parts, fields: 'A\0b', body: Buffer.from('body') });
  const ticket = decoded(buffer, TICKET_BYTES);
  assert.deepEqual([ticket.id, ticket.fields, ticket.body.toString()], [5, 'A\0b', 'body']);
  assert.ok(buffer.subarray(0, TICKET_BYTES).every((byte) => byte === 0xee));
  assert.ok(buffer.subarray(2 * TICKET_BYTES).every((byte) => byte === 0xee));
});

test('fields and body follow from the first byte on that does not fit into the ticket', () => {
  for (const fieldsBytes of [0, 1, TICKET_ROOM_BYTES - 1, TICKET_ROOM_BYTES]) {
    const fields = 'f'.repeat(fieldsBytes);
    const room = TICKET_ROOM_BYTES - fieldsBytes;
    const buffer = Buffer.alloc(TICKET_BYTES);
    const parts = { id: 1, gateway: 0, cancel: 0, fields, waitedMs: 0, kind: 0 };
    writeRunTicket(buffer, 0, { ...parts, rawPath: false, body: Buffer.alloc(room, 98) });
    const full = decoded(buffer);
    assert.deepEqual([full.follows, full.fields, full.body.length], [false, fields, room]);
    writeRunTicket(buffer, 0, { ...parts, rawPath: true, body: Buffer.alloc(room + 1, 98) });
    const follows = decoded(buffer);
    assert.deepEqual([follows.follows, follows.fields, follows.body.length], [true, '', 0]);
    assert.deepEqual([follows.rawPath, follows.fieldsBytes, follows.bodyBytes], [true, fieldsBytes, room + 1]);
  }
});

test('readTicket() answers any bytes with a reason, or with a ticket whose parts lie inside it', () => {
  const random = seededRandom(20_261_121);
  const good = vectors.tickets.good.map(ticketOf);
  const outcomes = { ticket: 0, refused: 0 };
  const buffer = Buffer.alloc(TICKET_BYTES);
  for (let round = 0; round < 30_000; round += 1) {
    if (round % 8 === 0) for (let at = 0; at < 64; at += 1) buffer[at] = random(256);
    else (good[random(good.length)] ?? buffer).copy(buffer);
    for (let count = random(4); count > 0; count -= 1) {
      buffer[random(40)] = [0, 1, 2, 3, 4, 8, 16, 32, 255, random(256)][random(8)] ?? 0;
    }
    const ticket = readTicket(buffer, 0);
    if (typeof ticket === 'string') {
      assert.notEqual(ticket, '');
      outcomes.refused += 1;
      continue;
    }
    outcomes.ticket += 1;
    assert.ok(Number.isSafeInteger(ticket.id) && ticket.id > 0);
    assert.equal(ticket.fields.length, ticket.follows ? 0 : ticket.fieldsBytes);
    assert.equal(ticket.body.length, ticket.follows ? 0 : ticket.bodyBytes);
    assert.ok(ticket.fields.length + ticket.body.length <= TICKET_ROOM_BYTES);
    assert.equal(
      ticket.body.toString('latin1'),
      buffer.toString('latin1', 32 + ticket.fields.length, buffer.readUInt32LE(0)),
    );
  }
  assert.ok(Math.min(outcomes.ticket, outcomes.refused) > 3000, JSON.stringify(outcomes));
});

const PYTHON_READER = `
import json, sys
sys.path.insert(0, sys.argv[1])
from tunicorn.runqueue.ticket import FOLLOWS, KIND_PROBE, RAW_PATH, STREAMED, UPGRADE, decode
for line in sys.stdin:
    ticket = decode(bytearray.fromhex(line))
    print(json.dumps({
        "kind": "probe" if ticket.kind == KIND_PROBE else "run",
        "follows": bool(ticket.flags & FOLLOWS),
        "rawPath": bool(ticket.flags & RAW_PATH),
        "streamed": bool(ticket.flags & STREAMED),
        "upgrade": bool(ticket.flags & UPGRADE),
        "waitedMs": ticket.waited_ms,
        "id": ticket.id,
        "gateway": ticket.gateway,
        "cancel": ticket.cancel,
        "fieldsBytes": ticket.fields_length,
        "bodyBytes": ticket.body_length,
        "fields": list(ticket.fields.items()),
        "bodyHex": ticket.body.hex(),
    }))
`;

test('the worker reads every ticket as it was meant', () => {
  const random = seededRandom(4096);
  const wanted: TicketVector['decoded'][] = [];
  const lines: string[] = [];
  const buffer = Buffer.alloc(TICKET_BYTES);
  for (let round = 0; round < 400; round += 1) {
    const ticket = randomTicket(random, round);
    wanted.push(ticket);
    lines.push(encoded({ name: '', hex: '', decoded: ticket }).toString('hex'));
  }
  // Whatever an earlier ticket has left in the buffer is not part of the next one.
  buffer.fill(0xff);
  writeProbeTicket(buffer, 0, { id: 7, gateway: 8, cancel: 9 });
  wanted.push({ ...EMPTY, kind: 'probe', id: 7, gateway: 8, cancel: 9 });
  lines.push(buffer.toString('hex'));

  const python = spawnSync('python3', ['-c', PYTHON_READER, `${root}/python`], {
    input: lines.join('\n'),
    encoding: 'utf8',
    maxBuffer: 64 * 1024 * 1024,
  });
  assert.equal(python.status, 0, python.stderr);
  const read = python.stdout.trimEnd().split('\n');
  assert.equal(read.length, wanted.length);
  read.forEach((line, index) => {
    assert.deepEqual(JSON.parse(line), wanted[index]);
  });
});

const EMPTY = {
  follows: false,
  rawPath: false,
  streamed: false,
  upgrade: false,
  waitedMs: 0,
  fieldsBytes: 0,
  bodyBytes: 0,
  fields: [],
  bodyHex: '',
} as const;

function randomTicket(random: (limit: number) => number, round: number): TicketVector['decoded'] {
  const high = [0, 1, random(2 ** 21), 2 ** 21 - 1][random(4)] ?? 0;
  const address = {
    id: high * 2 ** 32 + 1 + random(2 ** 32 - 1),
    gateway: random(2 ** 32),
    cancel: random(2 ** 32),
  };
  if (round % 10 === 0) return { ...EMPTY, kind: 'probe', ...address };
  const fields: [string, string][] = [];
  for (let count = 1 + random(round % 7 === 0 ? 60 : 20); count > 0; count -= 1) {
    fields.push([`HTTP_X_${count}`, randomText(random, random(150))]);
  }
  const kind = ['whole', 'whole', 'streamed', 'upgrade'][random(4)];
  const hasBody = kind === 'whole' && round % 3 !== 0;
  const body = Buffer.from(randomText(random, hasBody ? random(2000) : 0), 'latin1');
  const fieldsBytes = joinFields(fields).length;
  const follows = fieldsBytes + body.length > TICKET_ROOM_BYTES;
  return {
    kind: 'run',
    follows,
    rawPath: random(2) === 1,
    streamed: kind === 'streamed',
    upgrade: kind === 'upgrade',
    waitedMs: random(65_536),
    ...address,
    fieldsBytes,
    bodyBytes: body.length,
    fields: follows ? [] : fields,
    bodyHex: follows ? '' : body.toString('hex'),
  };
}

/** Any ISO-8859-1 but NUL. */
function randomText(random: (limit: number) => number, length: number): string {
  let text = '';
  for (let count = length; count > 0; count -= 1) text += String.fromCharCode(1 + random(255));
  return text;
}
