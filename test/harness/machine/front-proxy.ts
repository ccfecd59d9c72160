// What nginx.ts and haproxy.ts have in common: a real proxy in front of a server, and its own account of every request.

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { openSocket, type Target } from '../clients/http-connection.ts';
import { eventually, within } from '../deadline.ts';
import { inCi } from '../project.ts';
import type { Scene } from '../scenario.ts';

export interface FrontOptions {
  /** `lenient`: it passes on what it can of a malformed request, and bodies as they come. */
  readonly manners?: 'strict' | 'lenient';
  /** How long it waits for a client that stalls. */
  readonly clientTimeoutMs?: number;
  /** How long it waits for the server's response. */
  readonly serverTimeoutMs?: number;
}

/** One request in the proxy's own log. */
export interface ProxiedRequest {
  /** As the proxy read it; `-` or the like if it could not. */
  readonly requestLine: string;
  /** The request's X-Id. */
  readonly id: string;
  /** What the client got. */
  readonly status: number;
  /**
   * `kept`: nothing of it went to the server. `broken-off`: some of it did, then the client left or stalled. `lost`: the
   * server did not answer, or not wholly.
   */
  readonly fate: 'answered' | 'kept' | 'broken-off' | 'lost';
  readonly logLine: string;
}

export interface FrontProxy {
  readonly target: Target;
  /** Lets it finish what it is doing; its account is complete only then. */
  stop(): Promise<ProxyAccount>;
}

interface ProxyAccount {
  readonly requests: readonly ProxiedRequest[];
  /** What it has to say against the server, other than that nobody listens there. */
  readonly faults: readonly string[];
}

/** A Debian program that test/run.mjs installs where it may. */
export class DebianProgram {
  readonly name: string;
  readonly path: string;
  /** For the `skip` of a test that needs it; never set in CI, where its absence is a failure. */
  readonly skip: string | false;

  constructor(name: string) {
    const found = ['/usr/sbin', '/usr/bin', '/usr/local/sbin', '/usr/local/bin']
      .map((directory) => join(directory, name))
      .find(existsSync);
    this.name = name;
    this.path = found ?? name;
    this.skip = found === undefined && !inCi && `${name} is missing: THIS TEST CANNOT RUN`;
  }
}

/** Starts the program and waits until its port takes connections; it is ended with the scenario. */
export async function startProxy(
  scene: Scene,
  program: DebianProgram,
  args: readonly string[],
  target: Target,
  onStderr?: (text: string) => void,
): Promise<ChildProcess> {
  const stderr = onStderr === undefined ? 'inherit' : 'pipe';
  const child = spawn(program.path, args, { cwd: scene.dir, stdio: ['ignore', 'inherit', stderr] });
  if (onStderr !== undefined) child.stderr?.setEncoding('latin1').on('data', onStderr);
  scene.defer(async () => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const exited = once(child, 'exit');
    // To be killed would leave its own processes behind.
    child.kill('SIGTERM');
    await exited;
  });
  await eventually(`${program.name} to listen`, async () => {
    if (child.exitCode !== null) throw new Error(`${program.name} has ended with exit code ${child.exitCode}`);
    return await openSocket(target).then(
      (socket) => {
        socket.destroy();
        return true;
      },
      () => false,
    );
  });
  return child;
}

export async function stopProxy(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  // `close` comes when what it has written has been read too.
  const closed = once(child, 'close');
  child.kill(signal);
  await within('the proxy to end', closed);
}
