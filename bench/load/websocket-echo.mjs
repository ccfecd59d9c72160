/** WebSocket clients that send a message, wait for its echo, and send the next, until the time is over. */
import { WebSocket } from 'ws';
import { percentile } from './statistics.mjs';

const OPEN_WITHIN_MS = 5_000;

/**
 * @typedef {object} EchoResult
 * @property {number} echoesPerSecond
 * @property {number} p50Ms
 * @property {number} p99Ms
 * @property {number} lost WebSockets that could not be opened, or ended early
 */

/**
 * @param {{ port: number, clients: number, messageBytes: number, seconds: number }} load
 * @returns {Promise<EchoResult>}
 */
export async function echoOverWebSockets({ port, clients, messageBytes, seconds }) {
  const message = 'm'.repeat(messageBytes);
  const sockets = await Promise.all(Array.from({ length: clients }, () => open(port)));
  /** @type {number[]} */
  const tookMs = [];
  const begin = performance.now();
  const endMs = begin + seconds * 1000;
  const lost = await Promise.all(
    sockets.map((socket) => (socket === undefined ? 1 : echo(socket, message, endMs, tookMs))),
  );
  return {
    echoesPerSecond: tookMs.length / ((performance.now() - begin) / 1000),
    p50Ms: percentile(tookMs, 0.5),
    p99Ms: percentile(tookMs, 0.99),
    lost: lost.reduce((sum, each) => sum + each, 0),
  };
}

/**
 * @param {number} port
 * @returns {Promise<WebSocket | undefined>}
 */
function open(port) {
  return new Promise((resolve) => {
    const options = { perMessageDeflate: false, handshakeTimeout: OPEN_WITHIN_MS };
    const socket = new WebSocket(`ws://127.0.0.1:${port}/`, options);
    socket.on('open', () => resolve(socket));
    socket.on('error', () => resolve(undefined));
  });
}

/**
 * @param {WebSocket} socket
 * @param {string} message
 * @param {number} endMs
 * @param {number[]} tookMs
 * @returns {Promise<number>} 1 if it was lost
 */
function echo(socket, message, endMs, tookMs) {
  return new Promise((resolve) => {
    let sentMs = performance.now();
    socket.on('close', () => resolve(1));
    socket.on('message', () => {
      const nowMs = performance.now();
      tookMs.push(nowMs - sentMs);
      if (nowMs >= endMs) {
        resolve(0);
        socket.terminate();
        return;
      }
      sentMs = nowMs;
      socket.send(message);
    });
    socket.send(message);
  });
}
