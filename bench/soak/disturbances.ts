// Repeated disturbances of a serving server, as in production: reloads, log rotation, more and fewer workers, and killed processes. The
// possible losses of a kill are entered into the tally.

import { existsSync, renameSync, rmSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { eventually } from '../../test/harness/deadline.ts';
import type { DisturbanceKind, SoakedServer } from './servers.ts';
import type { Tally } from './tally.ts';

export interface Disturbance {
  readonly kind: DisturbanceKind;
  readonly atMs: number;
}

/** Intervals in a long run; a short one also has each several times. */
const everyMs: Readonly<Record<DisturbanceKind, number>> = {
  reload: 20_000,
  'worker killed': 7_000,
  'gateway killed': 60_000,
  'forkserver killed': 75_000,
  'log rotated': 31_000,
  resized: 43_000,
};
const timesAtLeast: Readonly<Record<DisturbanceKind, number>> = {
  reload: 9,
  'worker killed': 12,
  'gateway killed': 6,
  'forkserver killed': 3,
  'log rotated': 3,
  resized: 3,
};
/** A generation fails if one of its workers is killed before it is ready; the one before keeps serving. */
const generationDecided = /Generation \d+ (is serving|gave up)/;
const reloadWithinMs = 120_000;

export class Disturbances {
  readonly dealt: Disturbance[] = [];
  /** Disturbances after which the server was not in order. */
  readonly complaints: string[] = [];
  readonly #soaked: SoakedServer;
  readonly #tally: Tally;
  readonly #beganMs: number;
  readonly #stop: AbortController = new AbortController();
  readonly #running: readonly Promise<void>[];
  #lastGeneration: Promise<void> = Promise.resolve();

  constructor(soaked: SoakedServer, tally: Tally, beganMs: number, forMs: number) {
    this.#soaked = soaked;
    this.#beganMs = beganMs;
    this.#tally = tally;
    const deals: Readonly<Record<DisturbanceKind, () => Promise<void>>> = {
      reload: () => this.#inTurn(() => this.#reload()),
      'worker killed': () => this.#killWorker(),
      'gateway killed': () => this.#killGateway(),
      'forkserver killed': () => this.#inTurn(() => this.#killForkserver()),
      'log rotated': () => this.#rotateLog(),
      resized: () => this.#resize(),
    };
    this.#running = soaked.kind.bears.map((kind) => this.#again(kind, forMs, deals[kind]));
  }

  /** Waits until disturbances in progress have ended. */
  async stop(): Promise<void> {
    this.#stop.abort();
    await Promise.all(this.#running);
  }

  async #again(kind: DisturbanceKind, forMs: number, deal: () => Promise<void>): Promise<void> {
    const { signal } = this.#stop;
    const pauseMs = Math.min(everyMs[kind], forMs / (timesAtLeast[kind] + 1));
    for (;;) {
      await delay(pauseMs, undefined, { signal }).catch(() => {});
      if (signal.aborted) return;
      this.dealt.push({ kind, atMs: this.#now() });
      try {
        await deal();
      } catch (error) {
        this.complaints.push(`${kind}: ${error instanceof Error ? error.message : String(error)}`);
      }
    }
  }

  /** Generations are made one after the other, so that the newest forkserver is the one that serves. */
  async #inTurn(deal: () => Promise<void>): Promise<void> {
    const turn = this.#lastGeneration.catch(() => {}).then(deal);
    this.#lastGeneration = turn;
    await turn;
  }

  #now(): number {
    return performance.now() - this.#beganMs;
  }

  async #reload(): Promise<void> {
    const { server } = this.#soaked;
    const mark = server.log.mark();
    server.signal('SIGHUP');
    await server.log.waitFor(generationDecided, mark, reloadWithinMs);
  }

  async #killWorker(): Promise<void> {
    const { server, kind } = this.#soaked;
    const workers = server.workerPids();
    const victim = workers[Math.floor(Math.random() * workers.length)];
    if (victim === undefined) return;
    this.#tally.strike({ victim: 'worker', atMs: this.#now(), canLose: kind.atOnce });
    kill(victim);
  }

  async #killGateway(): Promise<void> {
    const { server } = this.#soaked;
    const [victim] = server.family().gateways;
    if (victim === undefined) return;
    this.#tally.strike({ victim: 'gateway', atMs: this.#now(), canLose: undefined });
    kill(victim);
    await eventually('another gateway', () => server.family().gateways.some((pid) => pid !== victim));
  }

  /** Its workers go on, so it costs no request. */
  async #killForkserver(): Promise<void> {
    const { server } = this.#soaked;
    const mark = server.log.mark();
    const { forkservers } = server.family();
    if (forkservers.length === 0) return;
    kill(Math.max(...forkservers));
    await server.log.waitFor(generationDecided, mark, reloadWithinMs);
  }

  async #rotateLog(): Promise<void> {
    const { server, accessLog } = this.#soaked;
    renameSync(accessLog, `${accessLog}.1`);
    server.signal('SIGUSR1');
    await eventually('a new access log', () => existsSync(accessLog));
    rmSync(`${accessLog}.1`);
  }

  async #resize(): Promise<void> {
    const { server } = this.#soaked;
    server.signal('SIGTTIN');
    await delay(1000);
    server.signal('SIGTTOU');
  }
}

/** It may have ended since it was chosen. */
function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // Nothing is lost then.
  }
}
