/**
 * A process of its own, started by slow-clients.mjs: clients that take their time, by the thousand. Some connect and say
 * nothing, some send their request a byte now and then, some ask for a large response and read a piece of it now and then.
 * Arguments: the server's port, how many of each, the milliseconds between two acts of one client.
 */
import { connect } from 'node:net';
import process from 'node:process';
import { setTimeout as delay } from 'node:timers/promises';
import { get } from './http-connection.mjs';

/** The head goes out at once for half of the senders, who then send the body slowly; the others send the head slowly. */
const SLOW_HEAD = { first: '', slowly: `GET / HTTP/1.1\r\nHost: bench\r\nX-Slow: ${'x'.repeat(1_000)}` };
const SLOW_BODY = {
  first: 'POST / HTTP/1.1\r\nHost: bench\r\nContent-Length: 1000000\r\n\r\n',
  slowly: 'x'.repeat(1_000),
};

/** How many clients may be connecting at once: more would fill the backlog, and the kernel would make them wait a second. */
const CONNECTING = 64;
/** A server that takes no more connections is left alone after so long without a new one. */
const CONNECTED_WITHIN_MS = 1_000;

/** @typedef {import('node:net').Socket} Socket */

const [port = 0, ofEach = 0, everyMs = 0] = process.argv.slice(2).map(Number);

/**
 * Their clocks are spread over the interval, so that not all of them act at once.
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
      // Paused before it is connected, so that Node.js reads nothing that was not asked for.
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
  // Each look takes what one read takes, up to 64 KiB.
  socket.on('data', () => socket.pause());
  actEvery(index / ofEach, () => socket.resume());
});
process.send?.('connected');
