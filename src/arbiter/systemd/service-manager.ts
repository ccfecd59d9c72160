// Keeps the service manager (systemd) informed: the arbiter shows its state after each event, and asks at each tick. Without
// NOTIFY_SOCKET nothing happens.

import { NotifySocket } from './notify-socket.ts';
import { notice, type ServiceState, watchdogIntervalMs } from './service-notices.ts';

export interface ServiceManagerOptions {
  readonly python: string;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly warn: (message: string) => void;
  /** Asks every gateway for an answer, which comes to `answered`. */
  readonly ask: () => void;
}

export class ServiceManager {
  readonly #options: ServiceManagerOptions;
  readonly #watchdogMs: number | null;
  #socket: NotifySocket | null = null;
  #told: ServiceState | null = null;
  #nextWatchdogMs = 0;
  #answer: 'none' | 'come' = 'none';

  constructor(options: ServiceManagerOptions) {
    this.#options = options;
    this.#watchdogMs = watchdogIntervalMs(options.environment, process.pid);
  }

  /** From here on this process is the service's: not before it, while an older arbiter still is. */
  open(): void {
    const { environment, python, warn } = this.#options;
    const { NOTIFY_SOCKET: address } = environment;
    if (address !== undefined && address !== '') this.#socket = new NotifySocket(python, address, warn);
  }

  show(state: ServiceState): void {
    if (this.#socket === null) return;
    const text = notice(this.#told, state, { pid: process.pid, monotonicUsec: process.hrtime.bigint() / 1000n });
    this.#told = state;
    if (text !== null) this.#socket.send(text);
  }

  /** A gateway has answered. */
  answered(): void {
    this.#answer = 'come';
  }

  /**
   * The watchdog hears from an arbiter that comes round its loop, and whose gateways answer. A server that starts, pauses or stops
   * has none that must.
   */
  tick(nowMs: number): void {
    if (this.#socket === null) return;
    this.#socket.flush();
    if (this.#watchdogMs === null || nowMs < this.#nextWatchdogMs) return;
    this.#nextWatchdogMs = nowMs + this.#watchdogMs;
    if (this.#answer === 'come' || this.#told?.phase !== 'serving') this.#socket.send('WATCHDOG=1');
    this.#answer = 'none';
    this.#options.ask();
  }
}
