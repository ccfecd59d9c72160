import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import net from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { ArrivingAnswers } from '../../../../src/gateway/queue/arriving-answers.ts';

test('frames on channels that had not been accepted yet are read first', async (context) => {
  const dir = mkdtempSync(join(tmpdir(), 'arriving-'));
  const channels = new Set<{ worker: object | null }>();
  const arriving = new ArrivingAnswers(channels, () => {});
  let read = 0;
  const server = net.createServer((socket) => {
    const channel: { worker: object | null } = { worker: null };
    channels.add(channel);
    arriving.channelAccepted();
    socket.on('data', (chunk: Buffer) => {
      channel.worker = {};
      read += chunk.length;
    });
    context.after(() => socket.destroy());
  });
  server.listen(join(dir, 'socket'));
  await once(server, 'listening');
  context.after(() => {
    server.close();
    rmSync(dir, { recursive: true });
  });
  const count = 20;
  for (let number = 0; number < count; number += 1) {
    const client = net.connect(join(dir, 'socket'));
    client.write('hello');
    context.after(() => client.destroy());
  }
  // The connections are in the backlog now; neither they nor their bytes have been looked at.
  await new Promise<void>((resolve) => arriving.whenRead(resolve));
  assert.equal(read, 5 * count);
});

test('a channel that never sends HELLO is not waited for endlessly, and the order of calls is kept', async () => {
  const arriving = new ArrivingAnswers(new Set([{ worker: null }]), () => {});
  const order: number[] = [];
  await new Promise<void>((resolve) => {
    arriving.whenRead(() => void order.push(1));
    arriving.whenRead(() => {
      order.push(2);
      resolve();
    });
  });
  assert.deepEqual(order, [1, 2]);
});

test('the answer pipe is read last: an answer may be written while the channels are read', async () => {
  const order: string[] = [];
  const arriving = new ArrivingAnswers(new Set(), () => void order.push('pipe'));
  setImmediate(() => order.push('a turn'));
  await new Promise<void>((resolve) => {
    arriving.whenRead(() => {
      order.push('then');
      resolve();
    });
  });
  assert.deepEqual(order, ['a turn', 'pipe', 'then']);
});

test('the order of calls is kept even if a channel arrives between them', async () => {
  const arriving = new ArrivingAnswers(new Set(), () => {});
  const order: number[] = [];
  const called = (number: number): Promise<void> =>
    new Promise((resolve) => {
      arriving.whenRead(() => {
        order.push(number);
        resolve();
      });
    });
  const first = called(1);
  arriving.channelAccepted();
  await Promise.all([first, called(2)]);
  assert.deepEqual(order, [1, 2]);
});
