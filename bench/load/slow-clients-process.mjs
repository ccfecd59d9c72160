/**
 * A separate process with thousands of slow clients. Some connect and stay silent, some send their request a byte now and then, some ask
 * for a large response and read a piece of it now and then. Arguments: the server's port, the number of each kind, the milliseconds between
 * two acts of one client.
 */
import { connect } from 'node:net';
import process from 'node:process';
import { setTimeout as delay } from 'node:timers/promises';
import { get } from './http-connection.mjs';

/** Half of the senders send the head immediately and the body slowly; the others send the head slowly. */
const SLOW_HEAD = { first: '', slowly: `GET / HTTP/1.1\r\nHost: bench\r\nX-Slow: ${'x'.repeat(1_000)}` };
const SLOW_BODY = {
  first: 'POST / HTTP/1.1\r\nHost: bench\r\nContent-Length: 1000000\r\n\r\n',
  slowly: 'x'.repeat(1_000),
};

/** Clients that may connect concurrently: more would fill the backlog, and the kernel would make them wait a second. */
const CONNECTING = 64;
/** Time without a new connection after which the server counts as full. */
const CONNECTED_WITHIN_MS = 1_000;

/** @typedef {import('node:net').Socket} Socket */

const [port = 0, ofEach = 0, everyMs = 0] = process.argv.slice(2).map(Number);

/**
 * Their clocks are spread over the interval, so that they do not act simultaneously.
 * @param {number} phase from 0 to 1
 * @param {() => void} act
 */
function actEvery(phase, act) {
  setTimeout(() => {
    act();
    setInterval(act, everyMs);
  }, phase * everyMs);
}

/** @param {(socket: Socket, index: number) => void} begin what the client does when it is connected */
async function open(begin) {
  let next = 0;
  const connectSome = async () => {
    for (let index = next++; index < ofEach; index = next++) {
      const socket = connect({ port, host: '127.0.0.1' });
      // Paused before it connects, so that Node.js does not read on its own.
      socket.pause();
      const connected = new Promise((resolve) => {
        socket.once('connect', () => resolve(true));
        // The server may refuse or break such a connection.
        socket.on('error', () => resolve(false));
      });
      if (!(await Promise.race([connected, delay(CONNECTED_WITHIN_MS, false)]))) return;
      begin(socket, index);
    }
  };
  await Promise.all(Array.from({ length: CONNECTING }, connectSome));
}

await open(() => {});
await open((socket, index) => {
  const { first, slowly } = index % 2 === 0 ? SLOW_HEAD : SLOW_BODY;
  socket.write(first + slowly.charAt(0));
  let at = 1;
  actEvery(index / ofEach, () => {
    if (at < slowly.length && socket.writable) socket.write(slowly.charAt(at));
    at += 1;
  });
});
await open((socket, index) => {
  socket.write(get('/large'));
  // Each time it reads once, up to 64 KiB.
  socket.on('data', () => socket.pause());
  actEvery(index / ofEach, () => socket.resume());
});
process.send?.('connected');
