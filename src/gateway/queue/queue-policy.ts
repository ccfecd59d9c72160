// How many requests wait for a worker, for how long, and in which order: the settings queue_limit, queue_timeout and queue_order. Pure.

export interface QueuePolicy {
  /** Requests that may wait; 0: any number. */
  readonly limit: number;
  /** Longest wait in milliseconds; 0: any. */
  readonly timeoutMs: number;
  readonly order: 'fifo' | 'lifo' | 'adaptive';
}

export const PATIENT: QueuePolicy = { limit: 0, timeoutMs: 0, order: 'fifo' };

/** Without a queue_timeout, a wait of this length means that the gateway is overloaded. */
export const OVERLOADED_MS = 500;

/** Which end of the line is served next, given the wait of the oldest request. */
export function servedEnd(policy: QueuePolicy, oldestWaitMs: number): 'oldest' | 'newest' {
  if (policy.order === 'adaptive') {
    const overloadedMs = policy.timeoutMs > 0 ? policy.timeoutMs / 2 : OVERLOADED_MS;
    return oldestWaitMs > overloadedMs ? 'newest' : 'oldest';
  }
  return policy.order === 'lifo' ? 'newest' : 'oldest';
}

/** Whether a request that has waited this long is answered 503. */
export function isOverdue(policy: QueuePolicy, waitMs: number): boolean {
  return policy.timeoutMs > 0 && waitMs > policy.timeoutMs;
}

export function isOverfull(policy: QueuePolicy, waiting: number): boolean {
  return policy.limit > 0 && waiting > policy.limit;
}
