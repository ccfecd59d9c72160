// The arbiter's actions on signals: the same as Gunicorn's.

import { ARBITER_MESSAGES } from '../log/catalog/arbiter.ts';
import type { ArbiterParts } from './arbiter-parts.ts';
import type { HandledSignal } from './signals.ts';

/** `how` completes the log line if the signal came by way of another process; empty if the arbiter itself received it. */
export function actOnSignal(signal: HandledSignal, how: string, parts: ArbiterParts, nowMs: number): void {
  const { log, inForce, generations, shutdown, upgrade, pause } = parts;
  const { daemon } = inForce.settings;
  if (signal === 'SIGWINCH' && !daemon) log.say(ARBITER_MESSAGES.handlingWinch, { how });
  else log.say(ARBITER_MESSAGES.handlingSignal, { signal: `${signal.slice(3).toLowerCase()}${how}` });
  generations.handlers.call(signal);
  switch (signal) {
    case 'SIGTERM':
      return shutdown.terminate(nowMs);
    case 'SIGINT':
    case 'SIGQUIT':
      return shutdown.interrupt(nowMs);
    case 'SIGHUP':
      return hangUp(parts, nowMs);
    case 'SIGTTIN':
      return resize(1, parts, nowMs);
    case 'SIGTTOU':
      return resize(-1, parts, nowMs);
    case 'SIGUSR1':
      return reopenLogs(parts);
    case 'SIGUSR2':
      return upgrade.order();
    case 'SIGWINCH':
      if (daemon) return pause.begin(nowMs);
      return log.say(ARBITER_MESSAGES.winchIgnored);
  }
}

function hangUp({ log, phase, inForce, reloader, pause, succession, upgrade }: ArbiterParts, nowMs: number): void {
  if (phase.kind === 'stopping') return;
  log.say(ARBITER_MESSAGES.hangUp);
  upgrade.lookForNewVersion();
  reloader.forgetBurst();
  pause.end(inForce.settings.workers, nowMs);
  succession.reload(nowMs);
}

function resize(by: 1 | -1, { phase, generations, pause }: ArbiterParts, nowMs: number): void {
  if (phase.kind === 'stopping') return;
  if (phase.kind !== 'paused') generations.serving?.resizeBy(by, nowMs);
  else if (by > 0) pause.end(1, nowMs);
}

function reopenLogs({ inForce, gateways, generations }: ArbiterParts): void {
  inForce.reopenLogs();
  gateways.broadcast({ type: 'reopen-logs' });
  for (const { forkserver, workers } of generations.all()) {
    forkserver.send({ type: 'reopen-logs' });
    workers.signalAll('SIGUSR1');
  }
}
