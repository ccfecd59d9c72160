// How many tickets may be in the pipe beyond those that workers are running: few when requests are slow, because requests that wait in
// the gateway can still be dropped; many when they are fast, so that no worker waits for the gateway's next turn.

const WINDOW_MS = 10;
/** The pipe may hold about this much work, as time. */
const AHEAD_MS = 2;

/** The allowance after `answered` tickets in a window that began at `windowStartMs`, or null while the window is still open. */
export function allowanceAfter(answered: number, windowStartMs: number, nowMs: number): number | null {
  const elapsedMs = nowMs - windowStartMs;
  if (elapsedMs < WINDOW_MS) return null;
  return Math.max(1, Math.ceil((answered * AHEAD_MS) / elapsedMs));
}

/** Measures while tickets are answered. */
export class PipeAllowance {
  #tickets = 1;
  #windowStartMs = 0;
  #answered = 0;

  get tickets(): number {
    return this.#tickets;
  }

  answered(nowMs: number): void {
    this.#answered += 1;
    const tickets = allowanceAfter(this.#answered, this.#windowStartMs, nowMs);
    if (tickets === null) return;
    this.#tickets = tickets;
    this.#windowStartMs = nowMs;
    this.#answered = 0;
  }
}
