// Samples every process and file of the servers once a second, and keeps a series for each role and quantity.

import { readdirSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { median, type Point } from './growth.ts';
import { type ProcessSample, ProcessTable, type Role, roles } from './processes.ts';
import type { SoakedServer } from './servers.ts';

export type Quantity =
  | 'resident memory'
  | 'proportional memory'
  | 'descriptors'
  | 'sockets'
  | 'threads'
  | 'processes'
  | 'zombies'
  | 'runtime files'
  | 'spool files';

/** `server`: of all its processes, or of its files. */
export type Owner = Role | 'server';

export interface Series {
  readonly server: string;
  readonly owner: Owner;
  readonly quantity: Quantity;
  readonly points: Point[];
}

const everyMs = 1000;
/** Reaping takes its time: zombies of a second or two are not a fault. */
const zombieForMs = 20_000;

export class Recorder {
  readonly #soaked: readonly SoakedServer[];
  readonly #series: Map<string, Series> = new Map();
  readonly #zombies: Map<number, { readonly server: string; readonly sinceMs: number; lastMs: number }> = new Map();
  readonly #stop: AbortController = new AbortController();
  readonly #running: Promise<void>;
  readonly #beganMs: number;

  constructor(soaked: readonly SoakedServer[], beganMs: number) {
    this.#soaked = soaked;
    this.#beganMs = beganMs;
    this.#running = this.#run();
  }

  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#running;
  }

  series(): Series[] {
    return [...this.#series.values()];
  }

  /** Zombies that were not reaped for a long time. */
  oldZombies(server: string): string[] {
    return [...this.#zombies]
      .filter(([, zombie]) => zombie.server === server && zombie.lastMs - zombie.sinceMs > zombieForMs)
      .map(([pid, { sinceMs, lastMs }]) => `process ${pid}, dead for ${Math.round((lastMs - sinceMs) / 1000)} s`);
  }

  async #run(): Promise<void> {
    const { signal } = this.#stop;
    while (!signal.aborted) {
      const nextMs = performance.now() + everyMs;
      this.#look();
      await delay(Math.max(1, nextMs - performance.now()), undefined, { signal }).catch(() => {});
    }
  }

  #look(): void {
    const table = new ProcessTable();
    const atMs = performance.now() - this.#beganMs;
    for (const { kind, server, runtimeDir, spoolDir } of this.#soaked) {
      const samples = table.samples(server.pid);
      const add = (owner: Owner, quantity: Quantity, value: number): void =>
        this.#add(kind.name, owner, quantity, { atMs, value });
      for (const role of roles) {
        const living = samples.filter((each) => each.role === role && !each.isZombie);
        if (role !== 'other') add(role, 'processes', living.length);
        if (living.length > 0 && role !== 'other')
          addProcesses(living, (quantity, value) => add(role, quantity, value));
      }
      const zombies = samples.filter(({ isZombie }) => isZombie);
      add('server', 'zombies', zombies.length);
      for (const { pid } of zombies) this.#zombie(kind.name, pid, atMs);
      add('server', 'runtime files', countFiles(runtimeDir));
      add('server', 'spool files', countFiles(spoolDir) + sum(samples.map(({ namelessFiles }) => namelessFiles)));
    }
  }

  #add(server: string, owner: Owner, quantity: Quantity, point: Point): void {
    const key = `${server}/${owner}/${quantity}`;
    const series = this.#series.get(key) ?? { server, owner, quantity, points: [] };
    this.#series.set(key, series);
    series.points.push(point);
  }

  #zombie(server: string, pid: number, atMs: number): void {
    const known = this.#zombies.get(pid);
    // If seen again after a while, it is another process with the same id.
    if (known === undefined || atMs - known.lastMs > 3 * everyMs) {
      this.#zombies.set(pid, { server, sinceMs: atMs, lastMs: atMs });
    } else known.lastMs = atMs;
  }
}

/** For memory, the value of a typical process of the role; for other quantities, the maximum. */
function addProcesses(living: readonly ProcessSample[], add: (quantity: Quantity, value: number) => void): void {
  add('resident memory', median(living.map(({ residentMib }) => residentMib)));
  add('proportional memory', median(living.map(({ proportionalMib }) => proportionalMib)));
  add('descriptors', Math.max(...living.map(({ descriptors }) => descriptors)));
  add('sockets', Math.max(...living.map(({ sockets }) => sockets)));
  add('threads', Math.max(...living.map(({ threads }) => threads)));
}

/** Files in all directories below it; none if it is gone. */
export function countFiles(dir: string): number {
  try {
    return readdirSync(dir, { recursive: true, withFileTypes: true }).filter((entry) => !entry.isDirectory()).length;
  } catch {
    return 0;
  }
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
