/**
 * Crowds of slow clients, our own and slowhttptest's, in separate processes. They run only when the processor is otherwise idle, so that
 * their own cost does not count as the server's.
 */
import { readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { killSession, start } from '../owned-processes.mjs';

const PROCESS = fileURLToPath(new URL('slow-clients-process.mjs', import.meta.url));
const WHEN_IDLE = ['--idle', '0'];

/** Heads that never end, bodies that never end, and readers with a window of 512 to 1024 bytes, of which they read 32 every 5 s. */
const ATTACKS = [
  { mode: ['-H', '-i', '5'], path: '/' },
  { mode: ['-B', '-i', '5', '-s', '8192'], path: '/' },
  { mode: ['-X', '-w', '512', '-y', '1024', '-n', '5', '-z', '32', '-k', '1'], path: '/large' },
];
const CONNECT_SECONDS = 3;
/** Longer than any measurement: this module ends them. */
const LAST_SECONDS = 600;

/** slowhttptest never sleeps, and runs mostly in the kernel, where it yields only at the next clock tick, 4 ms on most kernels. */
const AWAKE_MS = 10;
const ASLEEP_MS = 5_000;

/**
 * @typedef {object} Crowd
 * @property {() => void} restrain makes it leave the processor to the server and the ordinary clients
 * @property {() => void} close
 */

/**
 * @param {number} port
 * @param {number} ofEach
 * @param {number} everyMs
 * @returns {Promise<Crowd>} when all that the server accepts are connected
 */
export async function startSlowClients(port, ofEach, everyMs) {
  const args = [PROCESS, port, ofEach, everyMs].map(String);
  const child = start('chrt', [...WHEN_IDLE, process.execPath, ...args], {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  await new Promise((resolve, reject) => {
    child.once('message', resolve);
    child.once('error', reject);
    child.once('exit', (code) => reject(new Error(`slow-clients-process.mjs has ended with exit code ${code}`)));
  });
  return {
    restrain: () => {},
    close: () => {
      if (child.pid !== undefined) killSession(child.pid);
    },
  };
}

/**
 * @param {number} port
 * @param {number} ofEach
 * @returns {Promise<Crowd>} when all of them have had the time to connect
 */
export async function startSlowhttptest(port, ofEach) {
  const rate = String(Math.ceil(ofEach / CONNECT_SECONDS));
  const pids = ATTACKS.flatMap(({ mode, path }) => {
    const size = ['-c', String(ofEach), '-r', rate, '-l', String(LAST_SECONDS), '-p', '5'];
    const command = ['slowhttptest', ...mode, ...size, '-u', `http://127.0.0.1:${port}${path}`];
    return start('chrt', [...WHEN_IDLE, ...command], { stdio: 'ignore' }).pid ?? [];
  });
  await delay(CONNECT_SECONDS * 1000);
  /** @type {NodeJS.Timeout | undefined} */
  let timer;
  return {
    // Whenever it wakes, its next byte is due.
    restrain: () => {
      timer = setInterval(() => {
        signal(pids, 'SIGCONT');
        setTimeout(() => signal(pids, 'SIGSTOP'), AWAKE_MS);
      }, ASLEEP_MS);
      signal(pids, 'SIGSTOP');
    },
    close: () => {
      clearInterval(timer);
      for (const pid of pids) killSession(pid);
    },
  };
}

/**
 * @param {readonly number[]} pids
 * @param {NodeJS.Signals} name
 */
function signal(pids, name) {
  for (const pid of pids) {
    try {
      process.kill(pid, name);
    } catch {
      // It has already ended.
    }
  }
}

/**
 * Asks the kernel, because a client that does not read does not notice that the server has closed.
 * @param {number} port
 * @returns {number} how many connections to the server's port are open at both ends
 */
export function countConnections(port) {
  const suffix = `:${port.toString(16).toUpperCase().padStart(4, '0')}`;
  const ESTABLISHED = '01';
  return readFileSync('/proc/net/tcp', 'latin1')
    .split('\n')
    .slice(1)
    .map((line) => line.trim().split(/\s+/).slice(1, 4))
    .filter(([, remote, state]) => remote?.endsWith(suffix) && state === ESTABLISHED).length;
}
