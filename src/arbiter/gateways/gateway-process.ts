// Starts the processes of gateways. The first one starts early, beside the first forkserver: what a process loads does not depend on the
// settings, and they come by message.

import { type ChildProcess, fork } from 'node:child_process';
import path from 'node:path';
import { INSTALLATION_DIR } from '../../python-dir.ts';
import { EarlyChild } from '../process/early-child.ts';

const GATEWAY_PROGRAM = path.join(INSTALLATION_DIR, 'bin', 'gateway.cjs');

/** Node writes the process title over the arguments. */
const TITLE_ROOM = '-'.repeat(128);

/** The flags of bin/tunicorn, which trade speed for memory.
 * @internal
 */
export const ARBITER_FLAGS: readonly string[] = ['--optimize-for-size', '--v8-pool-size=0'];

/**
 * MiB. The buffers of bodies count towards the limit at which V8 collects the old generation, which otherwise follows the gateway's small heap:
 * while large bodies pass through, V8 would collect it thirty times a second.
 */
const GATEWAY_FLAGS = ['--initial-old-space-size=64'];

export class GatewayProcesses {
  #early: EarlyChild | null = null;

  startEarly(): void {
    this.#early ??= new EarlyChild(startProcess());
  }

  /** The early one, if there is one that still lives. */
  next(): ChildProcess {
    return this.#early?.take() ?? startProcess();
  }

  /** The early one will not be needed. */
  discard(): void {
    this.#early?.discard();
  }
}

function startProcess(): ChildProcess {
  // Node.js parses these certificates at each start, which takes longer than the rest of it. A gateway has no use for them.
  const { NODE_EXTRA_CA_CERTS: _, ...env } = process.env;
  const child = fork(GATEWAY_PROGRAM, [TITLE_ROOM], {
    env,
    execArgv: [...GATEWAY_FLAGS, ...process.execArgv.filter((flag) => !ARBITER_FLAGS.includes(flag))],
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  // A write to a gateway that has just died. `exit` reports its end.
  child.on('error', () => {});
  return child;
}
