/**
 * Starts every process of a run as the leader of its own session, and ends it with all its descendants: at the end of a measurement, at the
 * end of the run, and on Ctrl-C.
 */
import { spawn } from 'node:child_process';
import { membersOfSession } from './process-tree.mjs';

/** @type {Set<number>} */
const sessions = new Set();

/**
 * @param {string} file
 * @param {readonly string[]} args
 * @param {import('node:child_process').SpawnOptions} [options]
 * @returns {import('node:child_process').ChildProcess}
 */
export function start(file, args, options = {}) {
  const child = spawn(file, args, { ...options, detached: true });
  if (child.pid !== undefined) sessions.add(child.pid);
  return child;
}

/**
 * Runs a command to its end.
 * @param {string} file
 * @param {readonly string[]} args
 * @returns {Promise<{ code: number | null, output: string }>} with what it wrote, to stdout and stderr
 */
export async function run(file, args) {
  const child = start(file, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  const add = (/** @type {Buffer} */ chunk) => {
    output += chunk.toString();
  };
  child.stdout?.on('data', add);
  child.stderr?.on('data', add);
  /** @type {number | null} */
  const code = await new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  if (child.pid !== undefined) forget(child.pid);
  return { code, output };
}

/**
 * Kills the rest of a session.
 * @param {number} session
 * @returns {number} how many processes were left
 */
export function killSession(session) {
  let killed = 0;
  // A process may fork between listing and killing: repeat until none is left.
  for (let round = 0; round < 10; round++) {
    const members = membersOfSession(session);
    if (members.length === 0) break;
    for (const pid of members) {
      try {
        process.kill(pid, 'SIGKILL');
        if (round === 0) killed++;
      } catch {
        // It has ended meanwhile.
      }
    }
  }
  forget(session);
  return killed;
}

/** @param {number} session */
export function forget(session) {
  sessions.delete(session);
}

export function killEverything() {
  for (const session of [...sessions]) killSession(session);
}
