// The clock of a gateway in this process, which goes on only when a test says so: nothing then depends on how fast the machine is.
// Timers go on as ever; what they find is the test's time.

import type { TestContext } from 'node:test';

export class StoppedClock {
  #nowMs: number = performance.now();

  constructor(t: TestContext) {
    const { mock } = t.mock.method(performance, 'now', () => this.#nowMs);
    // Before the hooks that end the gateway, whose limits in time have to pass.
    t.after(() => mock.restore());
  }

  advance(ms: number): void {
    this.#nowMs += ms;
  }
}
