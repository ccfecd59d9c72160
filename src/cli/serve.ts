// Starts the server from resolved settings: log, first hooks, sockets and pid file, in Gunicorn's order, then the arbiter.

import { tmpdir } from 'node:os';
import { Arbiter } from '../arbiter/arbiter.ts';
import type { ArbiterStart } from '../arbiter/arbiter-start.ts';
import type { ForkserverCommand } from '../arbiter/forkserver/forkserver-command.ts';
import type { ForkserverHandle } from '../arbiter/forkserver/forkserver-handle.ts';
import type { ForkserverRelay } from '../arbiter/forkserver/forkserver-relay.ts';
import { firstFacts, settleMessage } from '../arbiter/forkserver/server-facts.ts';
import { nameSuffix, pidFilePath, setArbiterTitle } from '../arbiter/process/arbiter-names.ts';
import { ArbiterPidFile } from '../arbiter/process/pid-file.ts';
import { makeRuntimeDirectories, removeRuntimeDirectories } from '../arbiter/process/runtime-directory.ts';
import { describeInherited } from '../arbiter/sockets/inherited-sockets.ts';
import type { Listeners } from '../arbiter/sockets/listeners.ts';
import { START_MESSAGES } from '../log/catalog/start.ts';
import { ErrorLog } from '../log/error-log.ts';
import type { Entry } from '../log/message.ts';
import type { Configure, Configured } from '../messages/between-arbiter-and-forkserver.ts';
import { boardBytes } from '../runqueue/claims-board.ts';
import type { Resolution } from '../settings/for-processes/resolved-settings.ts';
import { Telemetry } from '../telemetry/telemetry.ts';
import { describeErrors, failed } from './failed.ts';
import { listConfig } from './print-config.ts';
import { bindListeners } from './start/bind-listeners.ts';
import { reportStart } from './start/daemon.ts';
import type { EarlyProcesses } from './start/early-processes.ts';
import { type Called, callFirst, settleFirst } from './start/first-forkserver.ts';
import type { Start } from './start/own-start.ts';
import { withWritableLogs } from './start/writable-logs.ts';
import type { StartSignals } from './start-signals.ts';

export interface Serving {
  readonly version: string;
  readonly pythonVersion: string;
  readonly start: Start;
  /** The interpreter's path. */
  readonly python: string;
  /** The lines about Node.js and Python for the log. */
  readonly using: readonly Entry[];
  readonly forkserverCommand: ForkserverCommand;
  readonly configure: Configure;
  /** The first forkserver, which has evaluated the config file. */
  readonly forkserver: ForkserverHandle;
  readonly relay: ForkserverRelay;
  readonly resolution: Resolution & { ok: true };
  readonly resolve: (found: Configured) => Resolution;
  readonly startSignals: StartSignals;
  readonly early: EarlyProcesses;
}

/** Resolves to the exit status. */
export async function serve(serving: Serving): Promise<number> {
  const { start, forkserver, relay, python } = serving;
  const fail = (message: string): number => {
    forkserver.kill();
    return failed(message);
  };
  const checked = withWritableLogs(serving.resolution);
  if (!checked.ok) return fail(describeErrors(checked.errors));
  const { resolved, warnings } = checked;
  const { settings, ids } = resolved;
  process.chdir(settings.chdir);
  const opened = ErrorLog.open({
    source: 'arbiter',
    target: resolved.gateway.errorLog,
    level: settings.loglevel,
    form: settings.log_format,
    owner: { uid: ids.userId, gid: ids.groupId },
  });
  if (!opened.ok) return fail(`Error: ${opened.message}`);
  const { log } = opened;
  const telemetry = new Telemetry(log, python, resolved.gateway);

  const facts = firstFacts(serving.forkserverCommand.cwd, start.parent);
  const settled = await settleFirst(forkserver, relay, settleMessage(resolved, facts, 'open'));
  if (!settled.ok) return fail(settled.message);
  const { hooks } = settled;
  if (resolved.gateway.logWriter === 'python') log.relay.target = forkserver;
  // If the hook nworkers_changed is set, its own message carries the number.
  if (!hooks.has('nworkers_changed')) forkserver.send({ type: 'facts', facts: { workers: settings.workers } });
  const counted = await callFirst(forkserver, relay, hooks, {
    type: 'hook',
    hook: 'nworkers_changed',
    new: settings.workers,
    old: null,
  });
  if (!counted.ok) return await endedByHook(forkserver, counted);

  setArbiterTitle(resolved.gateway.procName);
  log.say(START_MESSAGES.starting, { version: serving.version });
  for (const line of [...serving.using, ...warnings]) log.enter(line);
  log.say(START_MESSAGES.currentConfiguration, {
    // A getter: the level debug is seldom on.
    get settings(): string {
      return listConfig(settings);
    },
  });
  if (start.warning !== null) log.enter(start.warning);
  if (start.sockets !== null) log.enter(describeInherited(start.sockets));
  const starting = await callFirst(forkserver, relay, hooks, { type: 'hook', hook: 'on_starting' });
  if (!starting.ok) return await endedByHook(forkserver, starting);

  const bound = await bindListeners(resolved, start, python, serving.early.binder, log);
  if (!bound.ok) {
    await forkserver.leave();
    return bound.exitCode;
  }
  const { listeners, adminListeners } = bound;
  const created = ArbiterPidFile.create(pidFilePath(settings, nameSuffix(start)));
  if (!created.ok) {
    listeners.close();
    adminListeners.close();
    await forkserver.leave();
    return failed(`Error: ${created.message}`);
  }
  const { pidFile } = created;
  log.enter(listeners.describe());
  log.say(START_MESSAGES.usingWorker, { worker: resolved.workerClass.name });

  const { worker_tmp_dir: workerTmpDir, tmp_upload_dir: uploadDir, chdir } = settings;
  const { initGroupId } = resolved.gateway;
  const made = makeRuntimeDirectories(
    { workerTmpDir, uploadDir, temporary: tmpdir(), chdir, boardBytes: boardBytes(settings.gateways) },
    { ...ids, initGroupId },
  );
  if (!made.ok) {
    listeners.close();
    adminListeners.close();
    pidFile.remove();
    return fail(`Error: ${made.message}`);
  }
  for (const note of made.notes) log.enter(note);
  // The arbiter handles signals from the next line on. There is no await in between, so no signal is missed.
  serving.startSignals.handOver();
  return runArbiter({
    python,
    forkserverCommand: serving.forkserverCommand,
    configure: serving.configure,
    firstForkserver: (events) => {
      relay.handOver(events);
      return forkserver;
    },
    resolved,
    hooks,
    resolve: (found) => withWritableLogs(serving.resolve(found)),
    log,
    telemetry,
    listeners,
    adminListeners,
    versions: { version: serving.version, python: serving.pythonVersion },
    processes: serving.early.gateways,
    directories: made.directories,
    pidFile,
    // The older arbiter's turn is over at once if it answers elsewhere.
    ownStart: sharesAdminAddress(adminListeners, start) ? start : { ...start, adminHandover: null },
  });
}

function sharesAdminAddress(listeners: Listeners, { adminSockets }: Start): boolean {
  return listeners.current().some(({ bind }) => adminSockets?.binds?.includes(bind.text) === true);
}

async function runArbiter(start: ArbiterStart): Promise<number> {
  try {
    const arbiter = new Arbiter(start);
    reportStart({ type: 'started' });
    return await arbiter.run();
  } finally {
    removeRuntimeDirectories(start.directories);
    start.telemetry.close();
    start.log.close();
  }
}

/** Lets the forkserver write the lines logged so far. */
async function endedByHook(
  forkserver: ForkserverHandle,
  { message, exitCode }: Called & { ok: false },
): Promise<number> {
  await forkserver.leave();
  failed(message);
  return exitCode;
}
