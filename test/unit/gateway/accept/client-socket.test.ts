// The sockets of clients, which share the buffer into which they read.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import net, { type AddressInfo, type Server, type Socket } from 'node:net';
import { type TestContext, test } from 'node:test';
import { ClientSocket, makeClientSockets } from '../../../../src/gateway/accept/client-socket.ts';

interface Pair {
  readonly client: Socket;
  readonly socket: ClientSocket;
}

async function listening(context: TestContext): Promise<Server> {
  const server = net.createServer({ allowHalfOpen: true });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  context.after(() => server.close());
  return server;
}

async function connect(context: TestContext, server: Server): Promise<Pair> {
  const { port } = server.address() as AddressInfo;
  const accepted = new Promise<ClientSocket>((resolve) => makeClientSockets(server, resolve));
  const client = net.connect(port, '127.0.0.1');
  const socket = await accepted;
  context.after(() => {
    client.destroy();
    socket.destroy();
  });
  return { client, socket };
}

function nextTaken(socket: ClientSocket): Promise<Buffer> {
  return new Promise((resolve) => {
    socket.taker = resolve;
  });
}

test('a taker gets the bytes of all sockets in the same memory', async (context) => {
  const server = await listening(context);
  const [first, second] = [await connect(context, server), await connect(context, server)];
  const [firstTaken, secondTaken] = [nextTaken(first.socket), nextTaken(second.socket)];
  first.client.write('one');
  const one = await firstTaken;
  assert.equal(one.toString(), 'one');
  second.client.write('two');
  assert.equal((await secondTaken).toString(), 'two');
  assert.equal(one.toString(), 'two');
});

test('without a taker the bytes are the data of the stream, and are not overwritten', async (context) => {
  const server = await listening(context);
  const [first, second] = [await connect(context, server), await connect(context, server)];
  first.client.write('one');
  const [one] = await once(first.socket, 'data');
  second.client.write('two');
  await once(second.socket, 'data');
  assert.equal(String(one), 'one');
});

test('a paused socket reads nothing, and goes on where it stopped', async (context) => {
  const { client, socket } = await connect(context, await listening(context));
  const first = nextTaken(socket);
  client.write('one');
  assert.equal((await first).toString(), 'one');
  socket.pause();
  socket.taker = () => assert.fail('a paused socket has read');
  client.write('two');
  // What another connection sends later arrives: the loop has polled since.
  const other = await connect(context, await listening(context));
  other.client.write('x');
  await nextTaken(other.socket);
  const second = nextTaken(socket);
  socket.resume();
  assert.equal((await second).toString(), 'two');
});

test("a client's half-close ends the stream, and the answer still reaches it", async (context) => {
  const { client, socket } = await connect(context, await listening(context));
  const taken = nextTaken(socket);
  const ended = once(socket, 'end');
  client.end('bye');
  assert.equal((await taken).toString(), 'bye');
  await ended;
  socket.end('answer');
  const [answer] = await once(client, 'data');
  assert.equal(String(answer), 'answer');
});

test('a server of which Node hides the listening socket makes ordinary sockets', async (context) => {
  const server = net.createServer();
  makeClientSockets(server, () => assert.fail('not a listening server'));
  server.listen(0, '127.0.0.1');
  context.after(() => server.close());
  await once(server, 'listening');
  const client = net.connect((server.address() as AddressInfo).port, '127.0.0.1');
  const [socket] = await once(server, 'connection');
  assert.equal(socket instanceof ClientSocket, false);
  client.destroy();
  socket.destroy();
});
