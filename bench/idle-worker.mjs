/**
 * Finds idle workers, and kills one of them. A server may lose an idle worker at any time without losing a request, so failures are the
 * server's.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { blockedCalls, isFifo, processFacts, readProcesses } from './process-tree.mjs';

/** @typedef {import('./contenders/contender.mjs').Contender} Contender */
/** @typedef {import('./contenders/contender.mjs').IdleCall} IdleCall */

/** Numbers of the system calls, which differ between architectures. @type {Record<string, Record<string, readonly number[]>>} */
const SYSTEM_CALLS = {
  x64: { futex: [202], select: [23, 270, 7, 271], epoll: [232, 281], 'read from pipe': [0, 19] },
  arm64: { futex: [98], select: [72, 73], epoll: [22], 'read from pipe': [63, 65] },
};

/**
 * @param {number} pid
 * @param {IdleCall} idleCall the call in which an idle worker's main thread waits
 * @returns {boolean}
 */
function isIdle(pid, idleCall) {
  const numbers = SYSTEM_CALLS[process.arch];
  if (numbers === undefined) throw new Error(`no table of system calls for the architecture ${process.arch}`);
  const [main, ...others] = blockedCalls(pid);
  if (main === undefined || !numbers[idleCall]?.includes(main.number)) return false;
  if (idleCall === 'read from pipe' && !isFifo(pid, main.firstArgument)) return false;
  // An idle thread of a pool waits on a lock.
  return others.every((call) => numbers.futex?.includes(call.number));
}

/**
 * @param {Contender} contender
 * @param {number} master
 * @returns {number[]}
 */
export function idleWorkers(contender, master) {
  return contender.workers(readProcesses(), master).filter((pid) => isIdle(pid, contender.idleCall));
}

/**
 * Kills a random idle worker. It is stopped first and checked again, because it may have taken a request since.
 * @param {Contender} contender
 * @param {number} master
 * @param {AbortSignal} stop
 * @returns {Promise<number | undefined>} its pid; undefined if stopped before any worker was idle
 */
export async function killIdleWorker(contender, master, stop) {
  while (!stop.aborted) {
    const idle = idleWorkers(contender, master);
    const pid = idle[Math.floor(Math.random() * idle.length)];
    if (pid !== undefined && (await stopAndKill(pid, contender.idleCall))) return pid;
    await delay(5);
  }
  return undefined;
}

/**
 * @param {number} pid
 * @param {IdleCall} idleCall
 * @returns {Promise<boolean>} whether it was killed
 */
async function stopAndKill(pid, idleCall) {
  try {
    process.kill(pid, 'SIGSTOP');
    for (let look = 0; look < 20 && processFacts(pid)?.state !== 'T'; look++) await delay(1);
    const idle = processFacts(pid)?.state === 'T' && isIdle(pid, idleCall);
    process.kill(pid, idle ? 'SIGKILL' : 'SIGCONT');
    return idle;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ESRCH') return false;
    throw error;
  }
}
