// A server in the background: the command has ended, and the pid file names the arbiter.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { getText } from '../clients/http-request.ts';
import { eventually, within } from '../deadline.ts';
import { generationServing } from '../log-lines.ts';
import type { LaunchOptions, Scene } from '../scenario.ts';
import type { Server } from '../server.ts';

export interface Daemon {
  /** The command started by hand; its log is its output. */
  readonly server: Server;
  readonly pid: number;
  log(): string;
  signal(name: NodeJS.Signals): void;
  waitForLog(pattern: RegExp): Promise<void>;
}

/** Waits until it serves. The log is in `error.log`, the pid in `daemon.pid`. */
export async function startDaemon(scene: Scene, options: LaunchOptions): Promise<Daemon> {
  const args = ['--daemon', '--pid', scene.path('daemon.pid'), '--log-file', scene.path('error.log')];
  const server = await scene.launch({ ...options, args: [...args, ...(options.args ?? [])] });
  const exit = await within(`the command to end; it said:\n${server.log.text()}`, server.exit);
  assert.equal(exit.code, 0, server.log.text());
  const pid = Number(readFileSync(scene.path('daemon.pid'), 'utf8'));
  const log = (): string => readFileSync(scene.path('error.log'), 'utf8');
  const waitForLog = async (pattern: RegExp): Promise<void> => {
    await eventually(`${pattern} in the log`, () => pattern.test(log()));
  };
  await waitForLog(generationServing(1));
  await getText(server.target);
  return { server, pid, log, waitForLog, signal: (name) => void process.kill(pid, name) };
}
