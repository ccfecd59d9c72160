/**
 * Clients that hold a server up: they send half a request and stop, or they ask for a large response and never read.
 * Used by the slow-clients scenario.
 */
import { readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { get } from './http-connection.mjs';

const HALF_A_HEAD = Buffer.from('GET / HTTP/1.1\r\nHost: bench\r\nX-Unfinished: ');
const HALF_A_BODY = Buffer.from('POST / HTTP/1.1\r\nHost: bench\r\nContent-Length: 100\r\n\r\nten bytes.');

export class StuckClients {
  /** @type {import('node:net').Socket[]} */ #sockets = [];
  #port;

  /** @param {number} port */
  constructor(port) {
    this.#port = port;
  }

  /**
   * Half of them stop inside the head, half inside the body.
   * @param {number} count
   */
  addHalfSenders(count) {
    for (let index = 0; index < count; index++) this.#open(index % 2 === 0 ? HALF_A_HEAD : HALF_A_BODY);
  }

  /** @param {number} count */
  addNonReaders(count) {
    for (let index = 0; index < count; index++) this.#open(get('/large'));
  }

  /** @param {Buffer} bytes */
  #open(bytes) {
    const socket = connect({ port: this.#port, host: '127.0.0.1' });
    // Paused before it is connected, so that Node.js never reads from it.
    socket.pause();
    // The server may well break such a connection; it is counted by `connected`.
    socket.on('error', () => {});
    socket.write(bytes);
    this.#sockets.push(socket);
  }

  /**
   * Waits until the server has done with them what it can: nothing moves in the kernel's queues any more.
   * @param {number} withinMs
   * @returns {Promise<void>} resolved at the latest when the time is over
   */
  async settle(withinMs) {
    const deadline = performance.now() + withinMs;
    let before = '';
    for (let unchanged = 0; unchanged < 4 && performance.now() < deadline; ) {
      await delay(250);
      const now = queuesOf(this.#port);
      unchanged = now === before ? unchanged + 1 : 0;
      before = now;
    }
  }

  /**
   * A socket that is not read never learns that the server has closed, so the kernel is asked.
   * @returns {number} how many connections are still open at both ends
   */
  get connected() {
    const open = establishedTo(this.#port);
    return this.#sockets.filter((socket) => open.has(socket.localPort ?? 0)).length;
  }

  close() {
    for (const socket of this.#sockets) socket.destroy();
  }
}

/**
 * The lines of /proc/net/tcp that belong to a server's port: local address, remote address, state, queues.
 * @param {number} port
 * @returns {string[][]}
 */
function connectionsOf(port) {
  const suffix = `:${port.toString(16).toUpperCase().padStart(4, '0')}`;
  return readFileSync('/proc/net/tcp', 'latin1')
    .split('\n')
    .slice(1)
    .map((line) => line.trim().split(/\s+/).slice(1, 5))
    .filter(([local, remote]) => local?.endsWith(suffix) || remote?.endsWith(suffix));
}

/**
 * @param {number} port
 * @returns {string}
 */
function queuesOf(port) {
  return connectionsOf(port).join('\n');
}

/**
 * @param {number} port
 * @returns {Set<number>} client ports
 */
function establishedTo(port) {
  const suffix = `:${port.toString(16).toUpperCase().padStart(4, '0')}`;
  const ESTABLISHED = '01';
  return new Set(
    connectionsOf(port)
      .filter(([, remote, state]) => remote?.endsWith(suffix) && state === ESTABLISHED)
      .map(([local = '']) => Number.parseInt(local.slice(local.indexOf(':') + 1), 16)),
  );
}
