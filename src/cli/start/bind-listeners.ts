// Opens the listening sockets of a starting server, or adopts inherited ones.

import type { EarlyChild } from '../../arbiter/process/early-child.ts';
import type { InheritedSockets } from '../../arbiter/sockets/inherited-sockets.ts';
import { type ListenerOptions, Listeners, type OpenListeners } from '../../arbiter/sockets/listeners.ts';
import { SOCKET_MESSAGES } from '../../log/catalog/sockets.ts';
import type { ErrorLog } from '../../log/error-log.ts';
import { textOf } from '../../log/message.ts';
import { EXIT_ERROR } from '../../messages/exit-status.ts';
import type { ResolvedSettings } from '../../settings/for-processes/resolved-settings.ts';
import { errorText } from '../failed.ts';
import { reportStart } from './daemon.ts';
import type { Start } from './own-start.ts';

export type Bound =
  | { readonly ok: true; readonly listeners: Listeners; readonly adminListeners: Listeners }
  | { readonly ok: false; readonly exitCode: number };

/** Each failed attempt is logged. */
export async function bindListeners(
  { settings, ids }: ResolvedSettings,
  { sockets, adminSockets }: Start,
  python: string,
  earlyBinder: EarlyChild | null,
  log: ErrorLog,
): Promise<Bound> {
  const reasons: string[] = [];
  const options: ListenerOptions = {
    python,
    earlyBinder,
    backlog: settings.backlog,
    umask: settings.umask,
    reusePort: settings.reuse_port,
    uid: ids.userId,
    gid: ids.groupId,
    say: (said) => {
      const text = textOf(said);
      if (said.message.level === 'error' && !reasons.includes(text)) reasons.push(text);
      log.enter(said);
    },
  };
  const fail = (message: string): Bound => {
    log.say(SOCKET_MESSAGES.cannotListen, { failure: message });
    reportStart({ type: 'failed', text: errorText(`Error: ${[...reasons, message].join('\n')}`) });
    return { ok: false, exitCode: EXIT_ERROR };
  };
  const opened = await Listeners.open(settings.bind, options, sockets);
  if (!opened.ok) return fail(opened.message);
  const { listeners } = opened;
  // Two servers that share a port would answer in turn: each has its own counters.
  const ownOptions = { ...options, earlyBinder: null, reusePort: false };
  const ofAdmin = await openAdminListeners(settings.admin_bind, ownOptions, adminSockets);
  if (ofAdmin.ok) return { ok: true, listeners, adminListeners: ofAdmin.listeners };
  listeners.close(sockets === null ? 'alone' : 'shared');
  return fail(`admin_bind: ${ofAdmin.message}`);
}

/** Those of an older arbiter, as far as this one has the same addresses. */
async function openAdminListeners(
  binds: readonly string[],
  options: ListenerOptions,
  inherited: InheritedSockets | null,
): Promise<OpenListeners> {
  const opened = await Listeners.open(inherited?.binds ?? binds, options, inherited);
  if (!opened.ok || opened.listeners.isSame(binds)) return opened;
  const changed = await opened.listeners.change(binds, undefined, 'shared');
  return changed.ok ? opened : changed;
}
