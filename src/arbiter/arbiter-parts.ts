// The parts of an arbiter, each made with those that it depends on. Their events go through the arbiter's queue.

import type { ErrorLog } from '../log/error-log.ts';
import type { Entry } from '../log/message.ts';
import { ClaimsBoard } from '../runqueue/claims-board.ts';
import { Admin } from './admin/admin.ts';
import { ArbiterMetrics } from './arbiter-metrics.ts';
import { ArbiterPhase } from './arbiter-phase.ts';
import type { ArbiterStart } from './arbiter-start.ts';
import { hookFacts } from './forkserver/server-facts.ts';
import { GatewayReports } from './gateways/gateway-reports.ts';
import { type GatewayEvent, Gateways } from './gateways/gateways.ts';
import { StreamTotals } from './gateways/stream-totals.ts';
import { DrainNotice } from './generations/drain-notice.ts';
import { Generations } from './generations/generations.ts';
import { ReloadHistory } from './generations/reload-history.ts';
import { Succession, type SuccessionEvent } from './generations/succession.ts';
import { Switchover, type SwitchoverEvent } from './generations/switchover.ts';
import { Pause } from './pause.ts';
import { Upgrade, type UpgradeEvent } from './process/upgrade.ts';
import { OtherArbiter } from './process/upgrade-state.ts';
import { Reloader } from './reloader/reloader.ts';
import { SettingsInForce } from './settings-in-force.ts';
import { Shutdown, type ShutdownEvent } from './shutdown.ts';
import { ServiceManager } from './systemd/service-manager.ts';
import { Allotment } from './workers/allotment.ts';
import { Lifeline } from './workers/lifeline.ts';
import { WorkerEnds } from './workers/worker-ends.ts';

export type PartEvent =
  | GatewayEvent
  | SuccessionEvent
  | SwitchoverEvent
  | UpgradeEvent
  | ShutdownEvent
  /** With `reload`. */
  | { readonly type: 'files-changed'; readonly reason: Entry };

export interface ArbiterParts {
  readonly log: ErrorLog;
  readonly phase: ArbiterPhase;
  readonly board: ClaimsBoard;
  readonly lifeline: Lifeline;
  readonly inForce: SettingsInForce;
  readonly gateways: Gateways;
  readonly reports: GatewayReports;
  readonly streams: StreamTotals;
  readonly generations: Generations;
  readonly succession: Succession;
  readonly switchover: Switchover;
  readonly drainNotice: DrainNotice;
  readonly reloader: Reloader;
  readonly pause: Pause;
  readonly otherArbiter: OtherArbiter;
  readonly upgrade: Upgrade;
  readonly shutdown: Shutdown;
  readonly serviceManager: ServiceManager;
  readonly metrics: ArbiterMetrics;
  readonly admin: Admin;
}

/** `ended` is called when all other processes of the server are gone. */
export function makeParts(
  start: ArbiterStart,
  post: (event: PartEvent) => void,
  ended: (exitCode: number) => void,
): ArbiterParts {
  const { log, listeners, pidFile, python } = start;
  const { settings, ids } = start.resolved;
  const phase = new ArbiterPhase(log);
  const board = ClaimsBoard.create(start.directories.runtimeDir, settings.gateways, ids);
  const lifeline = new Lifeline();
  const allotment = new Allotment();
  const inForce = new SettingsInForce(start);
  const streams = new StreamTotals();
  const drainNotice = new DrainNotice(log, streams);
  const otherArbiter = new OtherArbiter(start.ownStart.parent, log);
  const generations = new Generations(allotment, () => hookFacts(start, otherArbiter.state));
  const reloader = new Reloader(log, start.forkserverCommand.cwd, start.configure.config, (reason) => {
    post({ type: 'files-changed', reason });
  });
  // The one cycle: a new gateway needs the switchover, which is made later. No gateway starts before the arbiter runs.
  const { processes } = start;
  const gateways: Gateways = new Gateways({
    log,
    processes,
    post,
    introduce: (gateway) => switchover.introduce(gateway),
  });
  const serviceManager = new ServiceManager({
    python,
    environment: process.env,
    warn: (warning) => log.enter(warning),
    ask: () => gateways.broadcast({ type: 'ping' }),
  });
  const reports = new GatewayReports();
  const reloads = new ReloadHistory();
  const workerEnds = new WorkerEnds();
  const ofGenerations = { start, board, allotment, gateways, generations, lifeline, reloader, reloads, workerEnds };
  const succession = new Succession({ ...ofGenerations, phase, post });
  const shared = { start, log, phase, inForce, gateways, generations, succession, drainNotice, otherArbiter };
  const pause = new Pause({ ...shared, gatewayCount: settings.gateways });
  const switchover: Switchover = new Switchover({ ...shared, pause, post });
  const upgrade = new Upgrade({ ...shared, serviceManager, post });
  const shutdown = new Shutdown({ ...shared, listeners, pidFile, reloader, upgrade, post, ended });
  const metrics = new ArbiterMetrics(start.telemetry);
  const admin = new Admin({ ...shared, board, reports, reloads, workerEnds });
  return {
    ...shared,
    board,
    lifeline,
    reports,
    streams,
    switchover,
    reloader,
    pause,
    upgrade,
    shutdown,
    serviceManager,
    metrics,
    admin,
  };
}
