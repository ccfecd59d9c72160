// Acts on the messages of a generation's forkserver. For those about hooks, see hook-requests.ts and hook-results.ts.

import { GENERATION_MESSAGES } from '../../log/catalog/generations.ts';
import type { ErrorLog } from '../../log/error-log.ts';
import type { FromForkserver } from '../../messages/between-arbiter-and-forkserver.ts';
import type { Gateways } from '../gateways/gateways.ts';
import type { Reloader } from '../reloader/reloader.ts';
import { reportedFailure } from './boot-failure.ts';
import type { Generation } from './generation.ts';
import type { GenerationBoot } from './generation-boot.ts';
import type { Generations } from './generations.ts';
import type { ReloadHistory } from './reload-history.ts';

export type GenerationMessage = Exclude<FromForkserver, { type: 'ask' | 'hook-done' | 'signalled' }>;

export interface MessageParts {
  readonly log: ErrorLog;
  readonly gateways: Gateways;
  readonly reloader: Reloader;
  readonly reloads: ReloadHistory;
  readonly generations: Generations;
  readonly boot: GenerationBoot;
  readonly succession: {
    giveUp(generation: Generation, exitCode: number, reason: string, nowMs: number): void;
    forget(generation: Generation): void;
  };
}

export function afterMessage(
  generation: Generation,
  message: GenerationMessage,
  parts: MessageParts,
  nowMs: number,
): void {
  const { log, gateways, reloader, reloads, generations, boot, succession } = parts;
  const { next, handlers, otherWorkers } = generations;
  switch (message.type) {
    case 'configured':
      if (generation === next) boot.configured(generation, message, nowMs);
      return;
    case 'settled':
      return boot.settled(generation, message.hooks);
    case 'state':
      if (next?.state.kind === 'inheriting') boot.carryState(next, message.state);
      return;
    case 'prepared':
      return boot.prepared(generation, message.capacity, nowMs);
    case 'failed':
    case 'boot-failed':
      if (message.type === 'failed' && message.traceback !== '') {
        log.say(GENERATION_MESSAGES.bootTraceback, { bootTraceback: message.traceback.trimEnd() });
        reloads.traceback(generation.number, message.traceback.trimEnd());
      }
      return succession.giveUp(generation, message.code, reportedFailure(message.code, message.message), nowMs);
    case 'loaded':
      return reloader.loaded(generation.number, message.files);
    case 'extra-files':
      return reloader.matched(message.entry, message.files, message.whole);
    case 'drained':
      return gateways.broadcast({ type: 'pipe-empty', generation: generation.number });
    case 'handles':
      return handlers.set(generation, message.signal);
    case 'lingers':
      return lingers(generation, message, parts);
    case 'forked':
    case 'ready':
    case 'wants-successor':
    case 'spent':
    case 'exiting':
    case 'exited':
    case 'not-forked':
      generation.pool.heard(message, nowMs);
      if (message.type === 'forked' || message.type === 'exited') otherWorkers.sendAll(generations.all());
      if (message.type !== 'forked' && message.type !== 'not-forked') generation.manage(nowMs);
      return;
    case 'checked':
      return;
  }
}

function lingers(
  generation: Generation,
  { threads, handled }: FromForkserver & { type: 'lingers' },
  { log, generations, succession }: MessageParts,
): void {
  const { handlers, otherWorkers } = generations;
  const { state, forkserver } = generation;
  forkserver.lingers();
  // Threads of a generation that never served are ended with it.
  if (state.kind === 'given-up') return forkserver.kill();
  if (state.kind !== 'draining') return;
  if (threads.length === 0 && !handlers.isNeeded(generation)) return forkserver.send({ type: 'release-handlers' });
  const reasons = [...threads.map((name) => `thread ${name}`), ...handled.map((signal) => `handler of ${signal}`)];
  log.say(GENERATION_MESSAGES.forkserverStays, { generation: generation.number, reasons: reasons.join(', ') });
  otherWorkers.linger(generation);
  succession.forget(generation);
}
