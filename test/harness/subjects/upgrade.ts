// Starts a second arbiter on the same sockets with SIGUSR2.

import { generationServing } from '../log-lines.ts';
import type { Server } from '../server.ts';

/** Waits until both serve, and returns the new arbiter's pid. */
export async function upgrade(server: Server, arbiter: number = server.pid): Promise<number> {
  const since = server.log.mark();
  process.kill(arbiter, 'SIGUSR2');
  const [, pid] = await server.waitForLog(/Started a new arbiter \(pid:(\d+)\) on the same sockets/, since);
  await server.waitForLog(new RegExp(`\\[${pid}\\].*${generationServing(1).source}`), since);
  return Number(pid);
}
