// The limits behind the deadlines of workers, and the actions that deadlines request from their generation.

import type { Entry } from '../../log/message.ts';
import type { Claim } from '../../runqueue/claims-board.ts';
import type { WorkerClass } from '../../settings/for-processes/worker-classes.ts';
import type { RetireReason } from '../workers/worker-life.ts';
import type { Worker } from '../workers/worker-roster.ts';

export interface Limits {
  /** Milliseconds; 0 = no limit. */
  readonly timeoutMs: number;
  readonly graceMs: number;
  readonly onDeadline: WorkerClass['onDeadline'];
}

/** Acts on exceeded deadlines. */
export interface DeadlinesOwner {
  retire(worker: Worker, reason: RetireReason, nowMs: number): void;
  /** Has the gateway answer the client. */
  expire(claim: Claim): void;
  /** Logs it. */
  enter(said: Entry): void;
}
