// The gateway process: obeys the messages on its IPC channel to the arbiter, and ends when that closes.

import fs from 'node:fs';
import { GATEWAY_MESSAGES } from '../log/catalog/gateway.ts';
import { ErrorLog } from '../log/error-log.ts';
import { systemErrorReason } from '../log/system-error-reason.ts';
import type { FromGateway, ToGateway } from '../messages/between-arbiter-and-gateway.ts';
import { gatewaySpoolDir } from '../runqueue/runtime-files.ts';
import { Telemetry } from '../telemetry/telemetry.ts';
import { connectionsWarning, readDescriptorRoom } from './accept/descriptor-room.ts';
import { dropPrivileges } from './drop-privileges.ts';
import { Gateway } from './gateway.ts';
import { LogsToArbiter } from './report/logs-to-arbiter.ts';
import { RequestLog } from './report/request-log.ts';

interface Running {
  readonly gateway: Gateway;
  readonly log: ErrorLog;
  readonly telemetry: Telemetry;
  readonly requestLog: RequestLog;
  readonly graceMs: number;
}

const CHECK_TELEMETRY_MS = 1000;

type Life =
  | { readonly kind: 'unstarted' }
  | ({ readonly kind: 'running' } & Running)
  /** Draining. */
  | ({ readonly kind: 'ending' } & Running);

let life: Life = { kind: 'unstarted' };

function send(message: FromGateway): void {
  if (process.connected) process.send?.(message, undefined, {}, () => {});
}

function start(message: ToGateway & { type: 'start' }): Running {
  const { settings } = message;
  process.chdir(message.directory);
  process.title = `tunicorn: gateway [${settings.procName}]`;
  process.umask(settings.umask);
  const owner = { uid: settings.userId, gid: settings.groupId };
  const opened = ErrorLog.open({
    source: 'gateway',
    target: settings.errorLog,
    level: settings.logLevel,
    form: settings.logFormat,
    owner,
  });
  const log = opened.ok ? opened.log : fallbackLog();
  if (!opened.ok) log.say(GATEWAY_MESSAGES.errorLogNotOpened, { reason: opened.message });
  log.relay.target = settings.logWriter === 'python' ? new LogsToArbiter() : null;
  const telemetry = new Telemetry(log, message.python, settings);
  const requestLog = new RequestLog(log, telemetry, settings);
  // After the logs are open: they may be in a folder that only root can write.
  dropPrivileges(settings);
  const { number, index, runtimeDir } = message;
  const spoolDir = gatewaySpoolDir(message.spoolDir, number);
  makeSpoolDir(spoolDir, log);
  const descriptors = readDescriptorRoom();
  const warning = connectionsWarning(descriptors, settings.connectionLimit);
  // Logged by the first gateway only, and not again when a gateway is replaced.
  if (warning !== null && number === 1) log.enter(warning);
  const gateway = new Gateway({ number, index, runtimeDir, spoolDir, settings, log, requestLog, descriptors, send });
  void gateway.openChannels().then(() => send({ type: 'up', number }));
  setInterval(() => telemetry.check(performance.now()), CHECK_TELEMETRY_MS).unref();
  return { gateway, log, telemetry, requestLog, graceMs: settings.gracefulTimeoutMs };
}

/** Without a spool directory the gateway still serves, except for bodies that do not fit into memory. */
function makeSpoolDir(directory: string, log: ErrorLog): void {
  try {
    fs.mkdirSync(directory, { mode: 0o700 });
  } catch (error) {
    log.say(GATEWAY_MESSAGES.spoolDirectoryMissing, { directory, reason: systemErrorReason(error) });
  }
}

function fallbackLog(): ErrorLog {
  const opened = ErrorLog.open({ source: 'gateway', target: '-', level: 'info' });
  if (!opened.ok) throw new Error(opened.message);
  return opened.log;
}

function obey(message: ToGateway, handle: unknown): void {
  if (message.type === 'start') {
    life = { kind: 'running', ...start(message) };
    return;
  }
  if (life.kind === 'unstarted') return;
  const { gateway, log, telemetry, requestLog } = life;
  switch (message.type) {
    case 'listen':
      if (typeof handle === 'object' && handle !== null) gateway.listen(message.listener, handle);
      return;
    case 'unlisten':
      return gateway.unlisten(message.id);
    case 'serve':
      log.configure(message.settings.errorLog, message.settings.logLevel, message.settings.logFormat);
      log.relay.target = message.settings.logWriter === 'python' ? new LogsToArbiter() : null;
      telemetry.configure(message.settings);
      life = { ...life, graceMs: message.settings.gracefulTimeoutMs };
      return gateway.serve(message.generation, message.capacity, message.concurrency, message.settings);
    case 'workers':
      return gateway.setConcurrency(message.generation, message.concurrency);
    case 'worker-retires':
      return gateway.workerRetires(message);
    case 'worker-gone':
      return gateway.workerGone(message, message.generation);
    case 'pipe-empty':
      return gateway.pipeEmpty(message.generation);
    case 'generation-gone':
      return gateway.generationGone(message.generation);
    case 'expire':
      return gateway.expire(message.ticket, message.pid);
    case 'reopen-logs':
      log.reopen();
      return requestLog.reopen();
    case 'ping':
      return send({ type: 'pong' });
    case 'report':
      return send({ type: 'counts', report: gateway.report() });
    case 'announce-close':
      return gateway.announceClose();
    case 'drain':
      return end(message.manner, message.listeners);
  }
}

function end(manner: 'graceful' | 'quick', listeners: 'closed' | 'kept'): void {
  if (life.kind === 'unstarted') process.exit(0);
  const { gateway, graceMs } = life;
  if (listeners === 'closed') gateway.unlistenAll();
  if (life.kind === 'ending' && manner === 'graceful') return;
  life = { ...life, kind: 'ending' };
  void gateway.drain(manner, graceMs).then(() => {
    send({ type: 'drained' });
    process.exit(0);
  });
}

process.on('message', (message, handle) => obey(message as ToGateway, handle));
// The arbiter is gone: finish the requests that are here, as if it had asked for a drain.
process.on('disconnect', () => {
  if (life.kind !== 'unstarted') life.gateway.arbiterGone();
  end('graceful', 'closed');
});
