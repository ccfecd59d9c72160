/** Raises the limit of open files of this process, which servers and load generators inherit: one scenario holds 10,000 connections. */
import { readFileSync } from 'node:fs';
import { run } from './owned-processes.mjs';

const WANTED = 30_000;

/** @returns {{ soft: number, hard: number }} */
function limits() {
  const line = /^Max open files +(\S+) +(\S+)/m.exec(readFileSync('/proc/self/limits', 'utf8'));
  const number = (/** @type {string | undefined} */ text) =>
    text === 'unlimited' ? Number.MAX_SAFE_INTEGER : Number(text);
  return { soft: number(line?.[1]), hard: number(line?.[2]) };
}

/** As far as it is permitted: a scenario that needs more reports the failure. */
export async function raiseDescriptorLimit() {
  const { soft, hard } = limits();
  if (soft >= WANTED) return;
  const prlimit = (/** @type {number} */ to, /** @type {number} */ atMost) =>
    run('prlimit', [`--pid=${process.pid}`, `--nofile=${to}:${atMost}`]).catch(() => undefined);
  if (hard < WANTED && (await prlimit(WANTED, WANTED))?.code === 0) return;
  await prlimit(Math.min(hard, WANTED), hard);
}
