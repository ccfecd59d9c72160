// The common part of nginx.ts and haproxy.ts: a real proxy in front of a server, and its own log of every request.

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { openSocket, type Target } from '../clients/http-connection.ts';
import { eventually, within } from '../deadline.ts';
import { inCi } from '../project.ts';
import type { Scene } from '../scenario.ts';

export interface FrontOptions {
  /** `lenient`: it forwards malformed requests as far as it can, and streams bodies. */
  readonly manners?: 'strict' | 'lenient';
  /** The protocol between nginx and the server; http by default. */
  readonly protocol?: 'http' | 'uwsgi';
  /** Time limit for a client that stalls. */
  readonly clientTimeoutMs?: number;
  /** Time limit for the server's response. */
  readonly serverTimeoutMs?: number;
}

/** One request in the proxy's own log. */
export interface ProxiedRequest {
  /** As the proxy parsed it; `-` or similar if it could not. */
  readonly requestLine: string;
  /** The request's X-Id. */
  readonly id: string;
  /** The status that the client got. */
  readonly status: number;
  /**
   * `kept`: nothing was forwarded to the server. `broken-off`: part of it was, then the client left or stalled. `lost`: the server
   * did not answer, or not completely.
   */
  readonly fate: 'answered' | 'kept' | 'broken-off' | 'lost';
  readonly logLine: string;
}

export interface FrontProxy {
  readonly target: Target;
  /** Lets it finish its requests; only then is its log complete. */
  stop(): Promise<ProxyAccount>;
}

interface ProxyAccount {
  readonly requests: readonly ProxiedRequest[];
  /** Its complaints about the server, except that nothing is listening there. */
  readonly faults: readonly string[];
}

/** A program of Debian that test/run.mjs installs if it may. */
export class DebianProgram {
  readonly name: string;
  readonly path: string;
  /** For the option `skip` of tests that need it; never set in CI, where its absence is a failure. */
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

/** Starts the program and waits until its port accepts connections. It ends with the scenario. */
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
    // Killing it would leave its own processes behind.
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
  // `close` means that its output has been read, too.
  const closed = once(child, 'close');
  child.kill(signal);
  await within('the proxy to end', closed);
}
