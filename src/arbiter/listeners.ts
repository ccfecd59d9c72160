// The arbiter's listening sockets: held for its life, changed by a reload that changes `bind`, closed when it stops.
// A socket listens as long as anybody holds it, so a gateway has to be told of each that is closed here.

import { parseBindAddresses } from './bind-address.ts';
import { planListeners } from './listener-plan.ts';
import { type Listener, type ListenerRequest, openListeners } from './open-listeners.ts';

export type ListenerOptions = Omit<ListenerRequest, 'binds' | 'firstId'>;

export type OpenListeners =
  | { readonly ok: true; readonly listeners: Listeners }
  | { readonly ok: false; readonly message: string };

export type ListenerChange = { readonly ok: true } | { readonly ok: false; readonly message: string };

export class Listeners {
  readonly #options: ListenerOptions;
  #listeners: readonly Listener[] = [];
  readonly #closedIds: number[] = [];
  #nextId = 0;
  #state: 'open' | 'closed' = 'open';

  private constructor(options: ListenerOptions) {
    this.#options = options;
  }

  /** `binds` are values of the setting. All of them are opened, or none. */
  static async open(binds: readonly string[], options: ListenerOptions): Promise<OpenListeners> {
    const listeners = new Listeners(options);
    const change = await listeners.change(binds);
    return change.ok ? { ok: true, listeners } : change;
  }

  current(): readonly Listener[] {
    return this.#listeners;
  }

  /** Of all that have been closed so far; ids are not used again. */
  closedIds(): readonly number[] {
    return this.#closedIds;
  }

  /** As Gunicorn logs it. */
  describe(): string {
    const labels = this.#listeners.map((listener) => listener.address.label);
    return `Listening at: ${labels.join(',')} (${process.pid})`;
  }

  isSame(binds: readonly string[]): boolean {
    const parsed = parseBindAddresses(binds);
    if (!parsed.ok) return false;
    const plan = planListeners(this.#listeners, parsed.addresses);
    return plan.open.length === 0 && plan.close.length === 0;
  }

  /**
   * Opens what is new, then closes what is no longer wanted. `release` is called first for a listener that keeps a new
   * one from being bound: the gateways must drop it at once, while the new one is tried for some seconds. After a
   * failure the addresses are as before, but released ones have a new id, which the gateways have to be told.
   */
  async change(binds: readonly string[], release: (listener: Listener) => void = () => {}): Promise<ListenerChange> {
    const parsed = parseBindAddresses(binds);
    if (!parsed.ok) return parsed;
    const plan = planListeners(this.#listeners, parsed.addresses);
    this.#close(plan.closeFirst);
    for (const listener of plan.closeFirst) release(listener);
    const opened = await this.#open(plan.open);
    if (!opened.ok) {
      const restored = await this.#open(plan.closeFirst.map((listener) => listener.bind));
      return restored.ok ? opened : { ok: false, message: `${opened.message}; then ${restored.message}` };
    }
    this.#close(plan.close);
    return { ok: true };
  }

  close(): void {
    this.#state = 'closed';
    this.#close(this.#listeners);
  }

  async #open(binds: ListenerRequest['binds']): Promise<ListenerChange> {
    const firstId = this.#nextId;
    this.#nextId += binds.length;
    const opened = await openListeners({ ...this.#options, binds, firstId });
    if (!opened.ok) return opened;
    this.#listeners = [...this.#listeners, ...opened.listeners];
    if (this.#state === 'open') return { ok: true };
    // Stopped while these were being bound.
    this.#close(opened.listeners);
    return { ok: false, message: 'The arbiter stops' };
  }

  #close(closing: readonly Listener[]): void {
    for (const listener of closing) {
      if (!this.#listeners.includes(listener)) continue;
      listener.close();
      this.#closedIds.push(listener.address.id);
    }
    this.#listeners = this.#listeners.filter((listener) => !closing.includes(listener));
  }
}
