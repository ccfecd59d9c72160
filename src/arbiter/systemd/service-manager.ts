// Keeps the service manager (systemd) informed about the arbiter's state and pings its watchdog. Does nothing without
// NOTIFY_SOCKET.

import type { Entry } from '../../log/message.ts';
import type { Phase } from '../arbiter-phase.ts';
import type { Generations } from '../generations/generations.ts';
import type { UpgradeState } from '../process/upgrade-state.ts';
import { NotifySocket } from './notify-socket.ts';

export interface ServiceManagerOptions {
  readonly python: string;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly warn: (warning: Entry) => void;
  /** Pings every gateway; their answers arrive at `answered`. */
  readonly ask: () => void;
}

export class ServiceManager {
  readonly #options: ServiceManagerOptions;
  readonly #watchdogMs: number | null;
  #socket: NotifySocket | null = null;
  #shown: ServiceState | null = null;
  #nextWatchdogMs = 0;
  /** Since the gateways were last asked. */
  #hasAnswer = false;

  constructor(options: ServiceManagerOptions) {
    this.#options = options;
    this.#watchdogMs = watchdogIntervalMs(options.environment, process.pid);
  }

  /** Call it when this process becomes the main process of the service, not while an older arbiter still is. */
  open(): void {
    const { environment, python, warn } = this.#options;
    const { NOTIFY_SOCKET: address } = environment;
    if (address !== undefined && address !== '') this.#socket = new NotifySocket(python, address, warn);
  }

  show(state: ServiceState): void {
    if (this.#socket === null) return;
    const text = notice(this.#shown, state, { pid: process.pid, monotonicUsec: process.hrtime.bigint() / 1000n });
    this.#shown = state;
    if (text !== null) this.#socket.send(text);
  }

  /** A gateway has answered. */
  answered(): void {
    this.#hasAnswer = true;
  }

  /**
   * Pings the watchdog only if the event loop is turning and a gateway has answered. While starting, paused or stopping, no
   * gateway needs to.
   */
  tick(nowMs: number): void {
    if (this.#socket === null) return;
    this.#socket.flush();
    if (this.#watchdogMs === null || nowMs < this.#nextWatchdogMs) return;
    this.#nextWatchdogMs = nowMs + this.#watchdogMs;
    if (this.#hasAnswer || this.#shown?.phase !== 'serving') this.#socket.send('WATCHDOG=1');
    this.#hasAnswer = false;
    this.#options.ask();
  }
}

export function serviceState(
  phase: Phase['kind'],
  { serving, next }: Pick<Generations, 'serving' | 'next'>,
  failure: string | null,
  upgrade: UpgradeState,
): ServiceState {
  // With shutdown_delay the stop begins before the drain does.
  const isEnding = phase === 'leaving' || phase === 'stopping';
  return {
    phase: isEnding ? 'stopping' : serving === null ? 'starting' : phase === 'paused' ? 'paused' : 'serving',
    generation: serving?.number ?? null,
    next: next?.number ?? null,
    workersReady: serving?.workers.count('ready') ?? 0,
    workersWanted: serving?.target ?? 0,
    failure,
    successor: upgrade.kind === 'older' ? upgrade.pid : null,
  };
}

export interface ServiceState {
  readonly phase: 'starting' | 'serving' | 'paused' | 'stopping';
  /** Number of the serving generation, and of the next one. */
  readonly generation: number | null;
  readonly next: number | null;
  readonly workersReady: number;
  readonly workersWanted: number;
  /** Why the last reload failed; null if it succeeded. */
  readonly failure: string | null;
  /** The arbiter that takes over the service from one that is stopping. */
  readonly successor: number | null;
}

export interface Sender {
  readonly pid: number;
  /** CLOCK_MONOTONIC: systemd uses it to distinguish the reload that it requested from an earlier one. */
  readonly monotonicUsec: bigint;
}

const FAILURE_LENGTH = 300;

/** The datagram for this change of state, or null. */
export function notice(before: ServiceState | null, now: ServiceState, sender: Sender): string | null {
  const status = `STATUS=${statusOf(now)}`;
  const lines = [
    ...changes(before, now, sender),
    ...(before !== null && statusOf(before) === statusOf(now) ? [] : [status]),
  ];
  return lines.length === 0 ? null : lines.join('\n');
}

function changes(before: ServiceState | null, now: ServiceState, sender: Sender): readonly string[] {
  if (now.phase === 'stopping') {
    if (before?.phase === 'stopping') return [];
    // The service does not stop: it continues with another main process.
    return now.successor === null ? ['STOPPING=1'] : [`MAINPID=${now.successor}`];
  }
  if (now.phase === 'starting') return [];
  const wasReady = before?.phase === 'serving' || before?.phase === 'paused';
  if (!wasReady) return ['READY=1', `MAINPID=${sender.pid}`];
  if (now.next !== null && now.next !== before.next) return ['RELOADING=1', `MONOTONIC_USEC=${sender.monotonicUsec}`];
  return now.next === null && before.next !== null ? ['READY=1'] : [];
}

export function statusOf(state: ServiceState): string {
  switch (state.phase) {
    case 'starting':
      return 'Starting';
    case 'stopping':
      return state.successor === null ? 'Stopping' : `Leaving the service to process ${state.successor}`;
    case 'paused':
      return 'Paused: no workers until TTIN or HUP';
    case 'serving': {
      const { workersReady: ready, workersWanted: wanted } = state;
      const count = ready === wanted ? `${ready}` : `${ready} of ${wanted}`;
      const serving = `Generation ${state.generation} serves with ${count} worker${wanted === 1 ? '' : 's'}`;
      const reloading = state.next === null ? '' : `; generation ${state.next} is starting`;
      const failed = state.failure === null ? '' : `; the last reload failed: ${oneLine(state.failure)}`;
      return serving + reloading + failed;
    }
  }
}

function oneLine(text: string): string {
  const line = text.replace(/\s+/g, ' ').trim();
  return line.length > FAILURE_LENGTH ? `${line.slice(0, FAILURE_LENGTH)}…` : line;
}

/** Interval of the watchdog's pings (half of its limit, as sd_watchdog_enabled(3) advises); null: no watchdog. */
export function watchdogIntervalMs(
  environment: Readonly<Record<string, string | undefined>>,
  pid: number,
): number | null {
  const { WATCHDOG_USEC: limit, WATCHDOG_PID: watched } = environment;
  if (limit === undefined || (watched !== undefined && watched !== String(pid))) return null;
  const limitUsec = Number(limit);
  return Number.isFinite(limitUsec) && limitUsec > 0 ? limitUsec / 2000 : null;
}
