// A root file system with Python and without Node.js, in mount and network namespaces of its own: what a newcomer's machine has. Its
// network is an empty loopback interface, so every port is free.

import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, statSync } from 'node:fs';
import { within } from '../deadline.ts';
import { markName } from '../machine/process-table.ts';
import { inCi, otherServer } from '../project.ts';
import type { Scene } from '../scenario.ts';
import { Server } from '../server.ts';
import { mountLines, type RootMounts } from './mounts.ts';
import { baseDir, ownWheelDir, wheelhouseDir } from './recipe.ts';

const mayMount = process.getuid?.() === 0 && spawnSync('unshare', ['--mount', '--net', 'true']).status === 0;

/** The reason why there is no clean root here, for a test's option `skip`. */
export const noCleanRoot: string | false = otherServer
  ? 'it is about Tunicorn'
  : !inCi &&
    ((!mayMount && 'a clean root needs root and namespaces: THIS TEST CANNOT RUN') ||
      (!existsSync(baseDir) && 'no clean root (npm test makes it): THIS TEST CANNOT RUN'));

/** An account of the base. */
export const ordinaryUser = { name: 'dev', uid: 1000, home: '/home/dev' };

export interface RootOptions extends Partial<Pick<RootMounts, 'binds' | 'memory'>> {
  /** Above the base, the topmost first. */
  readonly layers?: readonly string[];
  /** The machine's own network, not one of its own. */
  readonly hostNetwork?: boolean;
}

export interface EnterOptions {
  readonly user?: 'root' | 'dev';
  readonly cwd?: string;
  /** undefined removes a variable. */
  readonly env?: Readonly<Record<string, string | undefined>>;
}

export class CleanRoot {
  /** What was changed, as a layer for other roots. Complete after `close`. */
  readonly upper: string;
  readonly #scene: Scene;
  readonly #holder: ChildProcess;

  private constructor(scene: Scene, holder: ChildProcess, upper: string) {
    this.#scene = scene;
    this.#holder = holder;
    this.upper = upper;
  }

  static async open(scene: Scene, name: string, options: RootOptions = {}): Promise<CleanRoot> {
    const [target, upper, work] = ['root', 'upper', 'work'].map((part) => scene.path(`${name}/${part}`)) as [
      string,
      string,
      string,
    ];
    for (const path of [target, upper, work]) mkdirSync(path, { recursive: true });
    const { layers = [], hostNetwork = false, binds, memory = [] } = options;
    const mounts = mountLines({
      target,
      layers: [...layers, baseDir],
      changes: { upper, work },
      binds: binds ?? { '/wheels': wheelhouseDir, '/own-wheel': ownWheelDir },
      memory: ['/tmp', '/run', ...memory],
    });
    const network = hostNetwork ? '' : 'ip link set lo up\n';
    // Only the process that is already inside says so: before, `enter` would lead to the machine's own root.
    const inside = `exec chroot ${target} /bin/sh -c 'echo ready; exec sleep infinity'`;
    const script = `${mounts}\n${network}${inside}`;
    const namespaces = ['--mount', '--propagation=private', ...(hostNetwork ? [] : ['--net'])];
    const holder = spawn('unshare', [...namespaces, 'sh', '-c', script], { stdio: ['ignore', 'pipe', 'inherit'] });
    const exited = once(holder, 'exit');
    await within('the clean root to be mounted', Promise.race([once(holder.stdout, 'data'), exited]));
    if (holder.exitCode !== null) throw new Error('the clean root could not be mounted');
    const root = new CleanRoot(scene, holder, upper);
    scene.defer(() => root.close());
    if (sameFile(root.path('/'), '/')) throw new Error("the clean root is the machine's own root");
    return root;
  }

  /** A process that lives as long as the root, in its namespaces. */
  get holder(): number {
    return this.#holder.pid ?? 0;
  }

  /** Unmounts it: `upper` is complete then. */
  async close(): Promise<void> {
    const exited = once(this.#holder, 'exit');
    if (this.#holder.exitCode !== null || this.#holder.signalCode !== null) return;
    this.#holder.kill('SIGKILL');
    await exited;
  }

  /** The path on this machine of a file in the root. */
  path(name: string): string {
    return `/proc/${this.#holder.pid}/root${name}`;
  }

  /** A prefix for a command of the root; it sees only the given environment, and keeps its process id. */
  enter(options: EnterOptions = {}): readonly string[] {
    const { user = 'dev', cwd = user === 'root' ? '/root' : ordinaryUser.home, env = {} } = options;
    const environment = {
      PATH: '/usr/local/bin:/usr/bin:/bin',
      HOME: user === 'root' ? '/root' : ordinaryUser.home,
      LANG: 'C.UTF-8',
      // No network: pip takes packages from these folders.
      PIP_NO_INDEX: '1',
      PIP_FIND_LINKS: '/own-wheel /wheels',
      PIP_DISABLE_PIP_VERSION_CHECK: '1',
      ...env,
    };
    const account = user === 'root' ? [] : [`--setgid=${ordinaryUser.uid}`, `--setuid=${ordinaryUser.uid}`];
    const words = Object.entries(environment).flatMap(([name, value]) =>
      value === undefined ? [] : [`${name}=${value}`],
    );
    const mark = `${markName}="$${markName}"`;
    return [
      'nsenter',
      `--target=${this.#holder.pid}`,
      '--mount',
      '--net',
      '--root',
      '--wd',
      ...account,
      '/bin/sh',
      '-c',
      `cd "$0" && exec /usr/bin/env -i ${mark} "$@"`,
      cwd,
      ...words,
    ];
  }

  /** Runs a script of sh to its end. */
  run(script: string, options: EnterOptions = {}): { readonly status: number | null; readonly output: string } {
    const [program = '', ...args] = [...this.enter(options), '/bin/sh', '-c', `exec 2>&1\n${script}`];
    const { status, stdout } = spawnSync(program, args, { encoding: 'utf8', maxBuffer: 2 ** 26 });
    return { status, output: stdout };
  }

  /** Like `run`; a status other than 0 is an error. */
  mustRun(script: string, options: EnterOptions = {}): string {
    const { status, output } = this.run(script, options);
    if (status !== 0) throw new Error(`status ${status} of: ${script}\n${output}`);
    return output;
  }

  /** Starts a program that goes on; it ends with the scenario. */
  start(command: readonly string[], options: EnterOptions & { readonly socket?: string } = {}): Server {
    const server = new Server({
      command: [...this.enter(options), ...command],
      cwd: this.#scene.dir,
      env: {},
      target: { path: this.path(options.socket ?? '/nowhere') },
    });
    this.#scene.defer(() => server.destroy());
    return server;
  }
}

function sameFile(one: string, other: string): boolean {
  const [a, b] = [statSync(one), statSync(other)];
  return a.dev === b.dev && a.ino === b.ino;
}
