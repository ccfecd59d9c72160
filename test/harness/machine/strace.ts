// The system calls of a running process, counted by strace.

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { within } from '../deadline.ts';
import { inCi, otherServer } from '../project.ts';
import type { Scene } from '../scenario.ts';
import { DebianProgram } from './front-proxy.ts';

/** `wait`: a wait for events that found one. `other`: neither reads nor writes nor waits. */
export type CallKind = 'read' | 'write' | 'wait' | 'other';

export interface Calls {
  readonly counts: Readonly<Record<CallKind, number>>;
  /** How often each call was made, by name. */
  readonly names: ReadonlyMap<string, number>;
}

const strace: DebianProgram = new DebianProgram('strace');

const KINDS: Readonly<Record<Exclude<CallKind, 'other'>, RegExp>> = {
  read: /^(read|readv|recv|recvfrom|recvmsg)$/,
  write: /^(write|writev|send|sendto|sendmsg)$/,
  wait: /^(epoll_p?wait2?|p?poll|p?select6?)$/,
};
/** They depend on the runtime's heap and on its threads' timing, not on the number of requests. */
const UNCOUNTED = /^(futex|sched_yield|mmap|munmap|mremap|mprotect|madvise|brk|restart_syscall|rt_sig\w+)$/;

/** The reason why no process can be traced here, for a test's option `skip`. */
export const noTraces: string | false = otherServer ? 'other processes' : strace.skip || (await whyNoAttach());

/** A container, or the setting kernel.yama.ptrace_scope, may forbid it. */
async function whyNoAttach(): Promise<string | false> {
  const traced = spawn('sleep', ['60'], { stdio: 'ignore' });
  try {
    const { child } = await attach(traced.pid ?? 0, '/dev/null');
    child.kill('SIGINT');
    return false;
  } catch (error) {
    return !inCi && `${String(error)}: THIS TEST CANNOT RUN`;
  } finally {
    traced.kill('SIGKILL');
  }
}

/** Counts the calls of all threads of the process from now until the returned function is called. */
export async function countCalls(scene: Scene, pid: number): Promise<() => Promise<Calls>> {
  const file = scene.path(`strace-${pid}`);
  const { child, exited } = await attach(pid, file);
  scene.defer(() => void child.kill('SIGINT'));
  return async () => {
    child.kill('SIGINT');
    await within('strace to end', exited);
    return countedCalls(readFileSync(file, 'latin1'));
  };
}

async function attach(pid: number, file: string): Promise<{ child: ChildProcess; exited: Promise<unknown> }> {
  const args = ['-f', '-s', '0', '-e', 'signal=none', '-o', file, '-p', String(pid)];
  const child = spawn(strace.path, args, { stdio: ['ignore', 'ignore', 'pipe'] });
  const exited = once(child, 'exit');
  let said = '';
  const attached = new Promise<void>((resolve, reject) => {
    child.stderr.setEncoding('latin1').on('data', (text: string) => {
      said += text;
      if (/ attached/.test(said)) resolve();
    });
    child.once('error', reject);
    child.once('close', () => reject(new Error(`strace cannot attach: ${said.trim()}`)));
  });
  await within('strace to attach', attached);
  return { child, exited };
}

/** `log` is what `strace -f` writes: `PID name(arguments) = result`, or in two parts if another thread's call comes between. */
function countedCalls(log: string): Calls {
  const counts = { read: 0, write: 0, wait: 0, other: 0 };
  const names = new Map<string, number>();
  for (const line of log.split('\n')) {
    const found = /^\d+ +(?:<\.\.\. (\w+) resumed>|(\w+)\().* = (-?\d+|0x[0-9a-f]+)/.exec(line);
    const name = found?.[1] ?? found?.[2];
    if (name === undefined || UNCOUNTED.test(name)) continue;
    const kind = kindOf(name);
    // Only timers end such a wait, and libuv looks once without waiting: both depend on how fast the machine is.
    if (kind === 'wait' && !(Number(found?.[3]) > 0)) continue;
    counts[kind] += 1;
    names.set(name, (names.get(name) ?? 0) + 1);
  }
  return { counts, names };
}

function kindOf(name: string): CallKind {
  if (KINDS.read.test(name)) return 'read';
  if (KINDS.write.test(name)) return 'write';
  return KINDS.wait.test(name) ? 'wait' : 'other';
}
