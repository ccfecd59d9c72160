// Makes a snapshot: joins what the gateways report with what the arbiter knows, the claims board and /proc.

import { type ClaimsBoard, monotonicMs } from '../../runqueue/claims-board.ts';
import { describeSettings } from '../../settings/describe-settings.ts';
import { BYTES_BUCKETS, SECONDS_BUCKETS } from '../../telemetry/snapshot/histogram.ts';
import type { TrafficHistory } from '../../telemetry/snapshot/recent-traffic.ts';
import type { GatewaySnapshot, ServerState, SettingSnapshot, Snapshot } from '../../telemetry/snapshot/snapshot.ts';
import type { ArbiterPhase } from '../arbiter-phase.ts';
import type { ArbiterStart } from '../arbiter-start.ts';
import type { GatewayReports } from '../gateways/gateway-reports.ts';
import type { Gateways } from '../gateways/gateways.ts';
import type { Generations } from '../generations/generations.ts';
import type { ReloadHistory } from '../generations/reload-history.ts';
import type { OtherArbiter } from '../process/upgrade-state.ts';
import type { SettingsInForce } from '../settings-in-force.ts';
import type { WorkerEnds } from '../workers/worker-ends.ts';
import { describeListeners, readKernelDrops } from './listener-snapshots.ts';
import type { ProcessUsages, ServerProcess } from './process-usage.ts';
import type { Readiness } from './readiness.ts';
import { countWorkers, describeWorkers } from './worker-snapshots.ts';

export interface SnapshotParts {
  readonly start: ArbiterStart;
  readonly phase: ArbiterPhase;
  readonly inForce: SettingsInForce;
  readonly board: ClaimsBoard;
  readonly gateways: Gateways;
  readonly reports: GatewayReports;
  readonly generations: Generations;
  readonly succession: { readonly failure: string | null };
  readonly reloads: ReloadHistory;
  readonly workerEnds: WorkerEnds;
  readonly otherArbiter: OtherArbiter;
}

interface Measured {
  readonly usages: ProcessUsages;
  readonly traffic: TrafficHistory;
  readonly readiness: Readiness;
  readonly withProportional: boolean;
}

export async function collectSnapshot(parts: SnapshotParts, measured: Measured): Promise<Snapshot> {
  const { start, inForce, reports, generations, reloads, workerEnds } = parts;
  const [listeners, kernelDrops] = await Promise.all([describeListeners(start.listeners), readKernelDrops()]);
  const nowMs = monotonicMs();
  const processes = serverProcesses(parts);
  const usages = measured.usages.look(processes, measured.withProportional);
  const { counters, gauges } = reports;
  const { settings, origins } = inForce.resolved;
  const workers = describeWorkers(parts, usages, nowMs);
  return {
    server: describeServer(parts),
    readiness: measured.readiness,
    workers: { target: generations.serving?.target ?? 0, counts: countWorkers(workers), each: workers },
    bounds: { seconds: SECONDS_BUCKETS, bytes: BYTES_BUCKETS },
    counters,
    gauges,
    queue: { limit: settings.queue_limit, order: settings.queue_order, timeoutSeconds: settings.queue_timeout },
    recent: {
      oneMinute: measured.traffic.recent(counters, 60_000, nowMs),
      fiveMinutes: measured.traffic.recent(counters, 300_000, nowMs),
    },
    listeners,
    kernelDrops,
    restarts: workerEnds.all,
    reloads: { counts: reloads.counts, last: reloads.last(Date.now()) },
    generations: generations.all().map(({ number, state }) => {
      const own = workers.filter(({ generation }) => generation === number);
      const running = own.reduce((sum, worker) => sum + worker.running, 0);
      return { number, state: state.kind, workers: own.length, running };
    }),
    gateways: parts.gateways.running().map(({ number, pid }): GatewaySnapshot => {
      const report = reports.of(number, nowMs);
      return {
        number,
        pid: pid ?? null,
        reportAgeSeconds: report?.ageSeconds ?? null,
        gauges: report?.gauges ?? null,
        usage: usages.get(pid ?? 0) ?? null,
      };
    }),
    processes: measured.usages.totals(processes, usages),
    lostLogLines: counters.lostLogLines + start.log.dropped,
    // Only /status shows them, and they are many.
    get settings(): Record<string, SettingSnapshot> {
      return describeSettings(settings, origins);
    },
  };
}

/** Every process whose memory and processor time count. */
export function serverProcesses({
  gateways,
  generations,
}: Pick<SnapshotParts, 'gateways' | 'generations'>): ServerProcess[] {
  const known = (kind: ServerProcess['kind'], pids: readonly (number | null | undefined)[]): ServerProcess[] =>
    pids.flatMap((pid) => (typeof pid === 'number' ? [{ kind, pid }] : []));
  const all = generations.all();
  return [
    { kind: 'arbiter', pid: process.pid },
    ...known(
      'gateway',
      gateways.running().map(({ pid }) => pid),
    ),
    ...known(
      'forkserver',
      all.map(({ forkserver }) => (forkserver.isAlive ? forkserver.pid : null)),
    ),
    ...known(
      'worker',
      all.flatMap(({ workers }) => workers.all().map((worker) => worker.process?.pid)),
    ),
  ];
}

function describeServer({ start, phase, inForce, generations, succession, otherArbiter }: SnapshotParts): ServerState {
  const { state } = otherArbiter;
  return {
    ...start.versions,
    node: process.versions.node,
    pid: process.pid,
    startedAt: new Date(performance.timeOrigin).toISOString(),
    uptimeSeconds: performance.now() / 1000,
    phase: phase.kind,
    generation: generations.serving?.number ?? null,
    configFile: inForce.settings.config,
    lastFailure: succession.failure,
    otherArbiter:
      state.kind === 'alone'
        ? null
        : state.kind === 'older'
          ? { role: 'newer', pid: state.pid }
          : { role: 'older', pid: state.parent },
  };
}
