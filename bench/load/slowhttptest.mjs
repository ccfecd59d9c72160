/**
 * The slow clients of slowhttptest: heads that never end, bodies that never end, and readers with a window of a few hundred bytes.
 * Used by the slow-clients scenario where the program is installed.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { killSession, start } from '../owned-processes.mjs';

const ATTACKS = [
  { mode: ['-H', '-i', '5'], path: '/' },
  { mode: ['-B', '-i', '5', '-s', '8192'], path: '/' },
  // A window of 512 to 1024 bytes, of which 32 bytes are read every 5 s.
  { mode: ['-X', '-w', '512', '-y', '1024', '-n', '5', '-z', '32', '-k', '1'], path: '/large' },
];

const CONNECT_SECONDS = 3;
/** Longer than any measurement: they are ended from here. */
const LAST_SECONDS = 600;

/**
 * @param {number} port
 * @param {number} ofEach
 * @returns {Promise<{ close: () => void }>} when all of them have had the time to connect
 */
export async function startSlowhttptest(port, ofEach) {
  const rate = String(Math.ceil(ofEach / CONNECT_SECONDS));
  const sessions = ATTACKS.map(({ mode, path }) => {
    const size = ['-c', String(ofEach), '-r', rate, '-l', String(LAST_SECONDS), '-p', '5'];
    const child = start('slowhttptest', [...mode, ...size, '-u', `http://127.0.0.1:${port}${path}`], {
      stdio: 'ignore',
    });
    return child.pid;
  });
  await delay(CONNECT_SECONDS * 1000);
  return {
    close: () => {
      for (const session of sessions) if (session !== undefined) killSession(session);
    },
  };
}
