// Counts the workers that had to be replaced, by cause.

import os from 'node:os';
import { RESTART_CAUSES, type RestartCause, type WorkerEnd } from '../../telemetry/snapshot/snapshot.ts';
import { signalName } from './exit-messages.ts';
import type { ProcessEnd, WorkerState } from './worker-life.ts';

type Ends = Record<RestartCause, { readonly count: number; readonly last: WorkerEnd | null }>;

export class WorkerEnds {
  readonly #ends: Ends = noEnds();

  /** `was`: its state before; `isWanted`: its generation goes on and needs another one. */
  ended(pid: number, was: WorkerState, end: ProcessEnd, isWanted: boolean, wallMs: number): void {
    const cause = restartCause(was, end, isWanted);
    if (cause === null) return;
    const { code, signal } = end;
    const last = {
      at: new Date(wallMs).toISOString(),
      pid,
      code,
      signal: signal === null ? null : signalName(signal),
    };
    this.#ends[cause] = { count: this.#ends[cause].count + 1, last };
  }

  get all(): Readonly<Ends> {
    return { ...this.#ends };
  }
}

function noEnds(): Ends {
  return Object.fromEntries(RESTART_CAUSES.map((cause) => [cause, { count: 0, last: null }])) as Ends;
}

/** Null for an end that was wanted: the generation ends, or has too many workers. */
export function restartCause(was: WorkerState, end: ProcessEnd, isWanted: boolean): RestartCause | null {
  switch (was.kind) {
    case 'doomed':
      return ofDoomed(was.reason, isWanted);
    case 'retiring':
      return ofRetired(was.reason);
    case 'exiting':
      return was.retired === null ? ofUnasked(end, isWanted) : ofRetired(was.retired);
    case 'forking':
    case 'booting':
      return isWanted ? 'boot' : null;
    case 'ready':
      return ofUnasked(end, isWanted);
    case 'gone':
      return null;
  }
}

function ofDoomed(reason: (WorkerState & { kind: 'doomed' })['reason'], isWanted: boolean): RestartCause | null {
  switch (reason) {
    case 'timeout':
    case 'stuck':
      return 'timeout';
    case 'slow-boot':
      return isWanted ? 'boot' : null;
    case 'slow-exit':
      return isWanted ? 'exited' : null;
    case 'graceful-timeout':
    case 'given-up':
    case 'not-needed':
      return null;
  }
}

function ofRetired(reason: (WorkerState & { kind: 'retiring' })['reason']): RestartCause | null {
  switch (reason) {
    case 'spent':
    case 'succeeded':
      return 'max_requests';
    case 'timeout':
      return 'timeout';
    case 'asked':
      return 'hook';
    case 'surplus':
      return null;
  }
}

function ofUnasked({ code, signal }: ProcessEnd, isWanted: boolean): RestartCause | null {
  const { SIGKILL, SIGTERM, SIGQUIT, SIGINT } = os.constants.signals;
  if (signal === SIGKILL) return 'killed';
  const isClean = signal === null ? code === 0 : [SIGTERM, SIGQUIT, SIGINT].includes(signal as 15);
  if (!isClean) return 'crashed';
  return isWanted ? 'exited' : null;
}
