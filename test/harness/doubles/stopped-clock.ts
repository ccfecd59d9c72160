// The clock of a gateway in this process, which only the test moves, so that nothing depends on the machine's speed. Timers still run in
// real time, but read the test's clock.

import type { TestContext } from 'node:test';

export class StoppedClock {
  #nowMs: number = performance.now();

  constructor(t: TestContext) {
    const { mock } = t.mock.method(performance, 'now', () => this.#nowMs);
    // Runs before the hooks that end the gateway, whose time limits have to pass.
    t.after(() => mock.restore());
  }

  advance(ms: number): void {
    this.#nowMs += ms;
  }
}
