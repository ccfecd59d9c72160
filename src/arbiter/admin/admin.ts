// The arbiter's side of the admin address: asks the gateways for their counts once a second, keeps what cannot be found out later, and
// answers. Without an admin address it does nothing.

import { monotonicMs } from '../../runqueue/claims-board.ts';
import { TrafficHistory } from '../../telemetry/snapshot/recent-traffic.ts';
import type { Snapshot } from '../../telemetry/snapshot/snapshot.ts';
import { AdminAddress } from './admin-address.ts';
import type { AdminFacts } from './admin-answer.ts';
import { AdminHandover, giveAdminAddress } from './admin-handover.ts';
import { collectSnapshot, type SnapshotParts, serverProcesses } from './collect-snapshot.ts';
import { ProcessUsages } from './process-usage.ts';
import { type Readiness, readiness } from './readiness.ts';

const EVERY_MS = 1000;
/** A gateway that is busy for longer is shown with its last report. */
const FRESH_MS = 300;

export class Admin implements AdminFacts {
  readonly #parts: SnapshotParts;
  readonly #usages: ProcessUsages = new ProcessUsages();
  readonly #traffic: TrafficHistory = new TrafficHistory();
  readonly #address: AdminAddress;
  readonly #handover: AdminHandover;
  #nextMs = 0;

  constructor(parts: SnapshotParts) {
    this.#parts = parts;
    this.#handover = new AdminHandover(parts.start.ownStart.adminHandover);
    const { log, adminListeners } = parts.start;
    const token = (): string | null => parts.inForce.settings.admin_token;
    this.#address = new AdminAddress({ log, listeners: adminListeners, facts: this, token });
  }

  /** Call it after each event: the arbiter that will stay must not be taken for the one that stops. */
  handOverIfStopping(): void {
    const { phase, otherArbiter } = this.#parts;
    const { state } = otherArbiter;
    if (state.kind !== 'older' || (phase.kind !== 'leaving' && phase.kind !== 'stopping')) return;
    this.#address.close('shared');
    giveAdminAddress(state.child);
  }

  tick(nowMs: number): void {
    const { reports } = this.#parts;
    if (this.#handover.isOver) this.#address.follow();
    if (!this.#address.isOn || nowMs < this.#nextMs) return;
    this.#nextMs = nowMs + EVERY_MS;
    reports.asked(this.#ask());
    this.#usages.look(serverProcesses(this.#parts));
    this.#traffic.keep(reports.counters, nowMs);
  }

  close(): void {
    this.#address.close(this.#parts.otherArbiter.sharing);
  }

  // AdminFacts

  readiness(): Readiness {
    const { phase, generations, reports, inForce, otherArbiter } = this.#parts;
    return readiness({
      phase: phase.kind,
      hasSuccessor: otherArbiter.state.kind === 'older',
      readyWorkers: generations.serving?.workers.count('ready') ?? null,
      queueLength: reports.gauges.queueLength,
      queueLimit: inForce.settings.ready_queue_limit,
    });
  }

  hang(): string | null {
    const { reports, gateways } = this.#parts;
    const pids = reports.hanging().map((number) => gateways.get(number)?.pid ?? '-');
    return pids.length === 0 ? null : `gateway (pid:${pids.join(', ')}) does not answer`;
  }

  async snapshot({ withProportional }: { readonly withProportional: boolean }): Promise<Snapshot> {
    await this.#parts.reports.awaited(this.#ask(), FRESH_MS);
    this.#traffic.keep(this.#parts.reports.counters, monotonicMs());
    return await collectSnapshot(this.#parts, {
      usages: this.#usages,
      traffic: this.#traffic,
      readiness: this.readiness(),
      withProportional,
    });
  }

  #ask(): readonly number[] {
    const { gateways } = this.#parts;
    const numbers = gateways.numbersUp();
    for (const number of numbers) gateways.get(number)?.send({ type: 'report' });
    return numbers;
  }
}
