/**
 * Processes in /proc: their descent, their memory, and the system calls in which they are blocked.
 */
import { readdirSync, readFileSync, readlinkSync, statSync } from 'node:fs';
import { basename } from 'node:path';

/**
 * @typedef {object} ProcessFacts
 * @property {number} pid
 * @property {number} parent
 * @property {number} session
 * @property {string} state one letter, as in ps
 */

/** @typedef {ReadonlyMap<number, ProcessFacts>} Processes */

/**
 * Processes come and go while /proc is read: a missing file is not an error.
 * @param {string} path
 * @returns {string | undefined}
 */
function readIfThere(path) {
  try {
    return readFileSync(path, 'latin1');
  } catch {
    return undefined;
  }
}

/**
 * @param {number} pid
 * @returns {ProcessFacts | undefined}
 */
export function processFacts(pid) {
  const text = readIfThere(`/proc/${pid}/stat`);
  if (text === undefined) return undefined;
  // The second field is the command in parentheses and may itself hold spaces and parentheses: count from the last one.
  const [state = '?', parent, , session] = text.slice(text.lastIndexOf(')') + 2).split(' ');
  return { pid, parent: Number(parent), session: Number(session), state };
}

/** @returns {Processes} */
export function readProcesses() {
  const processes = new Map();
  for (const name of readdirSync('/proc')) {
    const facts = /^\d+$/.test(name) ? processFacts(Number(name)) : undefined;
    if (facts !== undefined) processes.set(facts.pid, facts);
  }
  return processes;
}

/**
 * @param {Processes} processes
 * @param {number} parent
 * @returns {number[]}
 */
export function childrenOf(processes, parent) {
  return [...processes.values()].filter((facts) => facts.parent === parent).map((facts) => facts.pid);
}

/**
 * The root and everything below it.
 * @param {Processes} processes
 * @param {number} root
 * @returns {number[]}
 */
export function treeOf(processes, root) {
  const pids = [root];
  for (const pid of pids) pids.push(...childrenOf(processes, pid));
  return pids;
}

/**
 * Everything in a session that is still alive. A server is started as the leader of its own session, so this finds its
 * orphans too.
 * @param {number} session
 * @returns {number[]}
 */
export function membersOfSession(session) {
  return [...readProcesses().values()]
    .filter((facts) => facts.session === session && facts.state !== 'Z')
    .map((facts) => facts.pid);
}

/**
 * Proportional set size: memory shared by n processes counts as 1/n in each, so that the sum over a tree is correct.
 * @param {readonly number[]} pids
 * @returns {number} KiB
 */
export function pssKiB(pids) {
  let total = 0;
  for (const pid of pids) {
    const line = /^Pss:\s+(\d+) kB$/m.exec(readIfThere(`/proc/${pid}/smaps_rollup`) ?? '');
    total += Number(line?.[1] ?? 0);
  }
  return total;
}

/**
 * @param {readonly number[]} pids
 * @returns {number} seconds of processor time that they have used so far
 */
export function processorSeconds(pids) {
  let ticks = 0;
  for (const pid of pids) {
    const text = readIfThere(`/proc/${pid}/stat`) ?? '';
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
    ticks += Number(fields[11] ?? 0) + Number(fields[12] ?? 0);
  }
  // USER_HZ, which is 100 on every architecture that Node.js runs on.
  return ticks / 100;
}

/**
 * @param {number} pid
 * @returns {string} for example "python3.11"; empty if it is gone
 */
export function executableName(pid) {
  try {
    return basename(readlinkSync(`/proc/${pid}/exe`));
  } catch {
    return '';
  }
}

/**
 * The system call in which each thread of a process is blocked, the main thread first.
 * @param {number} pid
 * @returns {{ number: number, firstArgument: number }[]} empty when the process is gone or one of its threads is running
 */
export function blockedCalls(pid) {
  const calls = [];
  let threads;
  try {
    threads = readdirSync(`/proc/${pid}/task`);
  } catch {
    return [];
  }
  for (const thread of threads) {
    // "running" for a thread that is not blocked; else the call's number and its arguments in hexadecimal.
    const match = /^(\d+) (0x[0-9a-f]+) /.exec(readIfThere(`/proc/${pid}/task/${thread}/syscall`) ?? '');
    if (match === null) return [];
    calls.push({ number: Number(match[1]), firstArgument: Number(match[2]) });
  }
  return calls;
}

/**
 * @param {number} pid
 * @param {number} descriptor
 * @returns {boolean}
 */
export function isFifo(pid, descriptor) {
  try {
    return statSync(`/proc/${pid}/fd/${descriptor}`).isFIFO();
  } catch {
    return false;
  }
}
