// What the deadlines of a generation's workers depend on, and what they ask of their generation.

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

/** What the deadlines ask of the generation. */
export interface DeadlinesOwner {
  retire(worker: Worker, reason: RetireReason, nowMs: number): void;
  /** Have the gateway answer the client. */
  expire(claim: Claim): void;
  /** Logs it. */
  enter(said: Entry): void;
}
