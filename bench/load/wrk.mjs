/** Runs wrk, the load generator of the throughput scenario, and reads its result as JSON (through wrk-report.lua). */
import { join } from 'node:path';
import { run } from '../owned-processes.mjs';
import { BENCH } from '../places.mjs';

/**
 * @typedef {object} WrkResult
 * @property {number} requestsPerSecond
 * @property {number} p50Ms
 * @property {number} p99Ms
 * @property {{ connect: number, read: number, write: number, timeout: number, status: number }} errors
 *   status: answers that were not 2xx or 3xx
 */

/**
 * @param {{ port: number, connections: number, seconds: number, closeEach: boolean }} load
 *   closeEach: ask the server to close the connection after each request; wrk then opens a new one
 * @returns {Promise<WrkResult>}
 */
export async function runWrk({ port, connections, seconds, closeEach }) {
  const { code, output } = await run('wrk', [
    '--threads=1',
    `--connections=${connections}`,
    `--duration=${seconds}s`,
    '--timeout=2s',
    `--script=${join(BENCH, 'load', 'wrk-report.lua')}`,
    ...(closeEach ? ['--header', 'Connection: close'] : []),
    `http://127.0.0.1:${port}/`,
  ]);
  const line = output.split('\n').find((text) => text.startsWith('REPORT '));
  if (code !== 0 || line === undefined) throw new Error(`wrk ended with ${code} and wrote:\n${output}`);
  return JSON.parse(line.slice('REPORT '.length));
}
