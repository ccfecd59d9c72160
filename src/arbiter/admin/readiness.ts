// Whether this server should get new requests, for /readyz. Pure.

import type { Phase } from '../arbiter-phase.ts';

export interface ReadinessFacts {
  readonly phase: Phase['kind'];
  /** A newer arbiter serves on the same sockets. */
  readonly hasSuccessor: boolean;
  /** Null before the first generation serves. */
  readonly readyWorkers: number | null;
  readonly queueLength: number;
  /** 0: any number. */
  readonly queueLimit: number;
}

export type Readiness = { readonly ready: true } | { readonly ready: false; readonly reason: string };

export function readiness({ phase, hasSuccessor, readyWorkers, queueLength, queueLimit }: ReadinessFacts): Readiness {
  switch (phase) {
    case 'stopping':
      return notReady('the server is stopping');
    case 'leaving':
      return notReady('the server will stop after shutdown_delay');
    case 'paused':
      if (hasSuccessor) return { ready: true };
      return notReady('the server is paused (WINCH); TTIN or HUP resumes it');
    case 'running':
      if (readyWorkers === null) return notReady('the first generation is starting');
      if (readyWorkers === 0) return notReady('no worker is ready');
      if (queueLimit === 0 || queueLength <= queueLimit) return { ready: true };
      return notReady(`${queueLength} requests are waiting, more than ready_queue_limit (${queueLimit})`);
  }
}

function notReady(reason: string): Readiness {
  return { ready: false, reason };
}
