// Finds a worker that waits for a ticket, holds it still, and kills it; see "Claims board" in src/runqueue/RUNQUEUE.md.

import { closeSync, openSync, readFileSync, readlinkSync, readSync } from 'node:fs';
import { eventually } from '../deadline.ts';
import { readEntry } from '../machine/process-table.ts';

const boardHeaderBytes = 64;
const slotBytes = 64;

/** The numbers of read and readv in /proc/<pid>/syscall, on x86-64 and arm64. */
const readCalls = process.arch === 'arm64' ? ['63', '65'] : ['0', '19'];

/**
 * Kills the worker if it waits at the ticket pipe with nothing claimed, and returns whether it did. The worker is stopped before the
 * check, so that its result still holds at the kill.
 */
export async function killIfIdle(pid: number): Promise<boolean> {
  try {
    process.kill(pid, 'SIGSTOP');
    const stopped = await eventually(`worker ${pid} to stop`, () => {
      const entry = readEntry(pid);
      return entry === undefined ? 'gone' : entry.state === 'T' && 'stopped';
    });
    const idle = stopped === 'stopped' && waitsForTicket(pid) && readClaim(pid) === 0n;
    process.kill(pid, idle ? 'SIGKILL' : 'SIGCONT');
    return idle;
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    if (code === 'ESRCH' || code === 'ENOENT') return false; // it has exited meanwhile
    throw error;
  }
}

/** Whether the worker is inside read() or readv() of the generation's pipe. */
function waitsForTicket(pid: number): boolean {
  try {
    const [call, descriptor] = readFileSync(`/proc/${pid}/syscall`, 'latin1').split(' ');
    if (call === undefined || descriptor === undefined || !readCalls.includes(call)) return false;
    return readlinkSync(`/proc/${pid}/fd/${Number(descriptor)}`).includes('tickets-');
  } catch {
    return false; // it has died
  }
}

/** The server's claims board, which every worker has mapped. */
export function findBoard(workerPid: number): string | undefined {
  return readFileSync(`/proc/${workerPid}/maps`, 'latin1').match(/(\/\S*\/board)$/m)?.[1];
}

/** The id that the worker has claimed; 0 for none; undefined if it has no slot yet. */
function readClaim(pid: number): bigint | undefined {
  const path = findBoard(pid);
  if (path === undefined) return undefined;
  const file = openSync(path, 'r');
  try {
    const header = Buffer.alloc(boardHeaderBytes);
    readSync(file, header, 0, boardHeaderBytes, 0);
    const slots = Number(header.readBigUInt64LE(8));
    const slot = Buffer.alloc(slotBytes);
    for (let index = 0; index < slots; index += 1) {
      readSync(file, slot, 0, slotBytes, boardHeaderBytes + slotBytes * index);
      if (slot.readBigUInt64LE(32) === BigInt(pid)) return slot.readBigUInt64LE(0);
    }
    return undefined;
  } finally {
    closeSync(file);
  }
}
