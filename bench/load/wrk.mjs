/** Runs wrk, the load generator of the throughput scenario, and reads its result as JSON (through wrk-report.lua). */
import { join } from 'node:path';
import { run } from '../owned-processes.mjs';
import { BENCH } from '../places.mjs';

/**
 * @typedef {object} WrkResult
 * @property {number} requestsPerSecond
 * @property {number} bytesPerSecond received, whole responses and parts
 * @property {number} p50Ms
 * @property {number} p99Ms
 * @property {{ connect: number, read: number, write: number, timeout: number, status: number }} errors
 *   status: answers that were not 2xx or 3xx
 */

/**
 * @typedef {object} WrkLoad
 * @property {number} port
 * @property {number} connections
 * @property {number} seconds whole ones
 * @property {boolean} closeEach ask the server to close the connection after each request; wrk then opens a new one
 * @property {string} [path]
 * @property {number} [uploadBytes] the body of each request, which is a POST then
 * @property {number} [timeoutSeconds] a request that takes longer counts as an error
 */

/**
 * @param {WrkLoad} load
 * @returns {Promise<WrkResult>}
 */
export async function runWrk({ port, connections, seconds, closeEach, path = '/', uploadBytes, timeoutSeconds = 2 }) {
  const { code, output } = await run('wrk', [
    '--threads=1',
    `--connections=${connections}`,
    `--duration=${seconds}s`,
    `--timeout=${timeoutSeconds}s`,
    `--script=${join(BENCH, 'load', 'wrk-report.lua')}`,
    ...(closeEach ? ['--header', 'Connection: close'] : []),
    `http://127.0.0.1:${port}${path}`,
    ...(uploadBytes === undefined ? [] : ['--', String(uploadBytes)]),
  ]);
  const line = output.split('\n').find((text) => text.startsWith('REPORT '));
  if (code !== 0 || line === undefined) throw new Error(`wrk ended with ${code} and wrote:\n${output}`);
  return JSON.parse(line.slice('REPORT '.length));
}
