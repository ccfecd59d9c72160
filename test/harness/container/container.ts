// Runs an image's command as process 1, as a container engine does: new PID, mount, network, host name and IPC namespaces, a read-only
// file system with /tmp and /run in memory, /dev/shm of 64 MiB, no capabilities, a user without an account and without a home.

import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { mountLines, quote } from '../clean-root/mounts.ts';
import { baseDir } from '../clean-root/recipe.ts';
import { within } from '../deadline.ts';
import { markName, readEntry } from '../machine/process-table.ts';
import { root as project, venvPython } from '../project.ts';
import type { Scene } from '../scenario.ts';
import { Server } from '../server.ts';
import type { Image } from './image.ts';

const relay = join(project, 'test', 'harness', 'container', 'relay.py');

export interface RunOptions {
  readonly env?: Readonly<Record<string, string>>;
  /** `UID:GID`; the image's own by default. */
  readonly user?: string;
  readonly command?: readonly string[];
  /** Folders of this machine, by their path in the container. */
  readonly binds?: Readonly<Record<string, string>>;
  /** Host names of other containers, which share this one's network. */
  readonly hosts?: readonly string[];
  /** What is in memory and can be written to. */
  readonly memory?: readonly string[];
  /** Whether /dev/shm can be written to. */
  readonly sharedMemory?: boolean;
  /** A process whose network the container shares. By default it has one of its own. */
  readonly networkOf?: number;
  /** A file `cgroup.procs` for each control group of the container. */
  readonly cgroups?: readonly string[];
}

export class Container {
  /** `unshare`, and the log of the command. */
  readonly server: Server;
  readonly #scene: Scene;
  readonly #uid: string;
  readonly #gid: string;
  readonly #environment: Readonly<Record<string, string>>;
  readonly #stopSignal: NodeJS.Signals;
  readonly #socket: string;

  constructor(scene: Scene, name: string, image: Image, options: RunOptions = {}) {
    const { user = image.user, command = image.command, hosts = [], memory = ['/tmp', '/run'] } = options;
    const [uid = '', gid = uid] = user.split(':');
    this.#scene = scene;
    this.#uid = uid;
    this.#gid = gid;
    this.#environment = { PATH: '/usr/local/bin:/usr/bin:/bin', ...image.env, ...options.env, HOME: '/' };
    this.#stopSignal = image.stopSignal;
    this.#socket = scene.path(`${name}.sock`);
    const target = scene.path(`${name}/root`);
    const hostsFile = scene.write(`${name}-hosts`, `127.0.0.1 localhost ${hosts.join(' ')}\n`);
    const binds = { '/etc/hosts': hostsFile, ...options.binds };
    const script = [
      ...(options.cgroups ?? []).map((file) => `echo $$ > ${quote(file)}`),
      mountLines({ target, layers: [...image.layers, baseDir], binds, memory }),
      ...(options.sharedMemory === false ? [`mount -o remount,ro ${quote(`${target}/dev/shm`)}`] : []),
      ...(options.networkOf === undefined ? ['ip link set lo up'] : []),
      `hostname ${name}`,
      this.#execLine(target, image.workdir, command),
    ].join('\n');
    const own = ['--mount', '--pid', '--fork', '--kill-child', '--uts', '--ipc', '--propagation=private'];
    const joined = options.networkOf === undefined ? [] : inNetworkOf(options.networkOf);
    const network = options.networkOf === undefined ? ['--net'] : [];
    this.server = new Server({
      command: [...joined, 'unshare', ...own, ...network, 'sh', '-c', script],
      cwd: scene.dir,
      env: {},
      target: { path: this.#socket },
    });
    scene.defer(() => this.server.destroy());
  }

  /** As process 1: everything up to the command replaces the shell. */
  #execLine(target: string, workdir: string, command: readonly string[]): string {
    const account = [`--reuid=${this.#uid}`, `--regid=${this.#gid}`, '--clear-groups'];
    const privileges = ['--no-new-privs', '--bounding-set=-all'];
    return [
      `exec chroot ${quote(target)} /usr/bin/setpriv ${[...account, ...privileges].join(' ')} --`,
      `/bin/sh -c 'cd "$0" && exec /usr/bin/env -i "$@"' ${quote(workdir)} "${markName}=$${markName}"`,
      ...Object.entries(this.#environment).map(([key, value]) => quote(`${key}=${value}`)),
      ...command.map(quote),
    ].join(' ');
  }

  /** Process 1, by its id outside of its namespace. */
  processOne(): number {
    const found = readdirSync('/proc')
      .filter((name) => /^\d+$/.test(name))
      .map(Number)
      .find((pid) => readEntry(pid)?.parent === this.server.pid);
    if (found === undefined) throw new Error('process 1 has ended');
    return found;
  }

  /** `docker kill`. */
  signal(name: NodeJS.Signals): void {
    process.kill(this.processOne(), name);
  }

  /** `docker stop`, without its end: SIGKILL after the grace period. */
  stop(): void {
    this.signal(this.#stopSignal);
  }

  /** `docker exec`, as the container's user. */
  exec(command: readonly string[]): { readonly status: number | null; readonly output: string } {
    const account = [`--setgid=${this.#gid}`, `--setuid=${this.#uid}`];
    const namespaces = ['--mount', '--pid', '--net', '--uts', '--ipc', '--root'];
    const environment = Object.entries(this.#environment).map(([key, value]) => `${key}=${value}`);
    const enter = [`--target=${this.processOne()}`, ...namespaces, ...account];
    const args = [...enter, '/usr/bin/env', '-i', ...environment, ...command];
    const { status, stdout, stderr } = spawnSync('nsenter', args, { encoding: 'utf8' });
    return { status, output: stdout + stderr };
  }

  /** `docker run --publish`: from now on the server's target is this port of the container. */
  async publish(port: number): Promise<void> {
    await publishPort(this.#scene, this.processOne(), port, this.#socket);
  }
}

/** A prefix for a command that uses the network of another process, and the machine's file system. */
export function inNetworkOf(pid: number): readonly string[] {
  return ['nsenter', `--net=/proc/${pid}/ns/net`];
}

/** Relays connections to a Unix socket to a port in the network of a process. */
export async function publishPort(scene: Scene, networkOf: number, port: number, socket: string): Promise<void> {
  const [program = '', ...args] = [...inNetworkOf(networkOf), venvPython, relay, socket, String(port)];
  const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  scene.defer(() => void child.kill('SIGKILL'));
  await within('the port to be published', once(child.stdout, 'data'));
}
