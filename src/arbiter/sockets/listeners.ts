// The arbiter's listening sockets: held for its life, changed by a reload that changes `bind`, closed when it stops.
// A socket listens as long as any process holds it, so the gateways must close theirs, too.

import { isDeepStrictEqual } from 'node:util';
import { SOCKET_MESSAGES } from '../../log/catalog/sockets.ts';
import { type Entry, entry } from '../../log/message.ts';
import { parseBindAddresses } from '../../settings/kinds/bind-address.ts';
import { adoptListeners } from './adopted-listeners.ts';
import type { InheritedSockets } from './inherited-sockets.ts';
import { planListeners } from './listener-plan.ts';
import { type Listener, type ListenerRequest, openListeners } from './open-listeners.ts';
import { sealListeners } from './seal-listeners.ts';

export type ListenerOptions = Omit<ListenerRequest, 'binds' | 'firstId'>;

export type OpenListeners =
  | { readonly ok: true; readonly listeners: Listeners }
  | { readonly ok: false; readonly message: string };

/** `shared`: another arbiter listens on the same sockets and continues when this one closes them. */
export type Sharing = 'alone' | 'shared';

/** What decides which sockets are open. */
type Authority =
  | { readonly kind: 'settings' }
  /** systemd opened them: the setting `bind` is ignored. */
  | { readonly kind: 'systemd' }
  /** An older arbiter opened them: they stay until the setting `bind` differs from `binds`. */
  | { readonly kind: 'older arbiter'; readonly binds: readonly string[] };

export type ListenerChange = { readonly ok: true } | { readonly ok: false; readonly message: string };

export class Listeners {
  readonly #options: ListenerOptions;
  #listeners: readonly Listener[] = [];
  readonly #closedIds: number[] = [];
  #nextId = 0;
  #isClosed = false;
  #authority: Authority = { kind: 'settings' };

  private constructor(options: ListenerOptions) {
    this.#options = options;
  }

  /** Opens all of `binds` (values of the setting) or none; inherited sockets replace them. */
  static async open(
    binds: readonly string[],
    options: ListenerOptions,
    inherited: InheritedSockets | null = null,
  ): Promise<OpenListeners> {
    const listeners = new Listeners(options);
    const change = inherited === null ? await listeners.change(binds) : await listeners.#adopt(inherited, binds);
    return change.ok ? { ok: true, listeners } : change;
  }

  /** The variable that passes the sockets to a successor of this process. */
  get source(): InheritedSockets['source'] {
    return this.#authority.kind === 'systemd' ? 'LISTEN_FDS' : 'GUNICORN_FD';
  }

  current(): readonly Listener[] {
    return this.#listeners;
  }

  /** Ids of all listeners closed so far; ids are never reused. */
  closedIds(): readonly number[] {
    return this.#closedIds;
  }

  /** For the log. */
  describe(): Entry {
    const addresses = this.#listeners.map((listener) => listener.address.label).join(',');
    return entry(SOCKET_MESSAGES.listeningAt, { addresses, pid: process.pid });
  }

  isSame(binds: readonly string[]): boolean {
    const authority = this.#authority;
    if (authority.kind === 'systemd') return true;
    if (authority.kind === 'older arbiter' && isDeepStrictEqual(authority.binds, binds)) return true;
    const parsed = parseBindAddresses(binds);
    if (!parsed.ok) return false;
    const plan = planListeners(this.#listeners, parsed.addresses);
    return plan.open.length === 0 && plan.close.length === 0;
  }

  /**
   * Opens new listeners, then closes those no longer wanted. If an old listener keeps a new one from being bound, it is closed
   * first and passed to `release`: the gateways must close it immediately. After a failure the addresses are as before, but
   * released listeners have a new id, which the gateways need to know.
   */
  async change(
    binds: readonly string[],
    release: (listener: Listener) => void = () => {},
    sharing: Sharing = 'alone',
  ): Promise<ListenerChange> {
    const parsed = parseBindAddresses(binds);
    if (!parsed.ok) return parsed;
    this.#authority = { kind: 'settings' };
    const plan = planListeners(this.#listeners, parsed.addresses);
    await this.#seal(plan.closeFirst, sharing);
    this.#close(plan.closeFirst);
    for (const listener of plan.closeFirst) release(listener);
    const opened = await this.#open(plan.open);
    if (!opened.ok) {
      const restored = await this.#open(plan.closeFirst.map((listener) => listener.bind));
      return restored.ok ? opened : { ok: false, message: `${opened.message}; then ${restored.message}` };
    }
    await this.#seal(plan.close, sharing);
    this.#close(plan.close);
    return { ok: true };
  }

  /** Immediately: connections that arrive in this moment may be reset. */
  close(sharing: Sharing = 'alone'): void {
    this.#isClosed = true;
    this.#close(this.#listeners, sharing === 'alone' ? 'remove' : 'keep');
  }

  /** Resolves when no connection is added to the backlogs any more. Until then the gateways must keep accepting. */
  async sealAndClose(sharing: Sharing): Promise<void> {
    this.#isClosed = true;
    const sealed = this.#listeners.filter((listener) => isSealable(listener, sharing));
    // Without its file, a Unix socket gets no new connections.
    const others = this.#listeners.filter((listener) => !sealed.includes(listener));
    this.#close(others, sharing === 'alone' ? 'remove' : 'keep');
    await this.#seal(sealed, sharing);
    this.#close(sealed);
  }

  async #seal(closing: readonly Listener[], sharing: Sharing): Promise<void> {
    const sealed = closing.filter((listener) => isSealable(listener, sharing));
    const { python, say } = this.#options;
    const reason = await sealListeners(
      python,
      sealed.map(({ handle }) => handle),
    );
    if (reason !== null) say(entry(SOCKET_MESSAGES.listenerNotSealed, { reason }));
  }

  async #adopt(inherited: InheritedSockets, binds: readonly string[]): Promise<ListenerChange> {
    this.#nextId += inherited.descriptors.length;
    const adopted = await adoptListeners(inherited, this.#options);
    if (!adopted.ok) return adopted;
    this.#listeners = adopted.listeners;
    this.#authority = inherited.source === 'LISTEN_FDS' ? { kind: 'systemd' } : { kind: 'older arbiter', binds };
    return { ok: true };
  }

  async #open(binds: ListenerRequest['binds']): Promise<ListenerChange> {
    const firstId = this.#nextId;
    this.#nextId += binds.length;
    const opened = await openListeners({ ...this.#options, binds, firstId });
    if (!opened.ok) return opened;
    this.#listeners = [...this.#listeners, ...opened.listeners];
    if (!this.#isClosed) return { ok: true };
    // The arbiter stopped while these were being bound.
    this.#close(opened.listeners);
    return { ok: false, message: 'The arbiter is stopping' };
  }

  #close(closing: readonly Listener[], files: 'remove' | 'keep' = 'remove'): void {
    for (const listener of closing) {
      if (!this.#listeners.includes(listener)) continue;
      listener.close(files);
      this.#closedIds.push(listener.address.id);
    }
    this.#listeners = this.#listeners.filter((listener) => !closing.includes(listener));
  }
}

/** A seal is permanent and affects every process that has the socket: an inherited one must go on listening elsewhere. */
function isSealable({ bind }: Listener, sharing: Sharing): boolean {
  return bind.kind === 'tcp' && sharing === 'alone';
}
