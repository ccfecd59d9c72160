/**
 * Clients that take their time, by the thousand: some connect and say nothing, some send their request a byte now and
 * then, some ask for a large response and read a piece of it now and then. Used by the slow-clients scenario.
 */
import { readFileSync } from 'node:fs';
import { connect } from 'node:net';
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

export class SlowClients {
  /** @type {Socket[]} */ #sockets = [];
  /** @type {NodeJS.Timeout[]} */ #timers = [];
  #port;

  /** @param {number} port */
  constructor(port) {
    this.#port = port;
  }

  /** @param {number} count */
  async addSilent(count) {
    await this.#open(count, () => {});
  }

  /**
   * @param {number} count
   * @param {number} everyMs the time between two bytes of one client
   */
  async addSenders(count, everyMs) {
    await this.#open(count, (socket, index) => {
      const { first, slowly } = index % 2 === 0 ? SLOW_HEAD : SLOW_BODY;
      socket.write(first + slowly.charAt(0));
      let at = 1;
      this.#every(everyMs, index / count, () => {
        if (at < slowly.length && socket.writable) socket.write(slowly.charAt(at));
        at += 1;
      });
    });
  }

  /**
   * @param {number} count
   * @param {number} everyMs the time between two looks of one client, each of which takes up to 64 KiB
   */
  async addReaders(count, everyMs) {
    await this.#open(count, (socket, index) => {
      socket.write(get('/large'));
      socket.on('data', () => socket.pause());
      this.#every(everyMs, index / count, () => socket.resume());
    });
  }

  /**
   * Their clocks are spread over the interval, so that not all of them act at once.
   * @param {number} everyMs
   * @param {number} phase from 0 to 1
   * @param {() => void} act
   */
  #every(everyMs, phase, act) {
    const first = setTimeout(() => {
      act();
      this.#timers.push(setInterval(act, everyMs));
    }, phase * everyMs);
    this.#timers.push(first);
  }

  /**
   * @param {number} count
   * @param {(socket: Socket, index: number) => void} begin what the client does when it is connected
   */
  async #open(count, begin) {
    let next = 0;
    const connectSome = async () => {
      for (let index = next++; index < count; index = next++) {
        const socket = connect({ port: this.#port, host: '127.0.0.1' });
        // Paused before it is connected, so that Node.js reads nothing that was not asked for.
        socket.pause();
        this.#sockets.push(socket);
        const connected = new Promise((resolve) => {
          socket.once('connect', () => resolve(true));
          // The server may refuse or break such a connection; it is counted by `connected`.
          socket.on('error', () => resolve(false));
        });
        if (!(await Promise.race([connected, delay(CONNECTED_WITHIN_MS, false)]))) return;
        begin(socket, index);
      }
    };
    await Promise.all(Array.from({ length: CONNECTING }, connectSome));
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
    for (const timer of this.#timers) clearTimeout(timer);
    for (const socket of this.#sockets) socket.destroy();
  }
}

/**
 * From /proc/net/tcp: local address, remote address, state.
 * @param {number} port
 * @returns {Set<number>} the ports of clients with a whole connection to the server's port
 */
function establishedTo(port) {
  const suffix = `:${port.toString(16).toUpperCase().padStart(4, '0')}`;
  const ESTABLISHED = '01';
  return new Set(
    readFileSync('/proc/net/tcp', 'latin1')
      .split('\n')
      .slice(1)
      .map((line) => line.trim().split(/\s+/).slice(1, 4))
      .filter(([, remote, state]) => remote?.endsWith(suffix) && state === ESTABLISHED)
      .map(([local = '']) => Number.parseInt(local.slice(local.indexOf(':') + 1), 16)),
  );
}
