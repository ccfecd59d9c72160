// Opens the listening sockets of a starting server, or adopts inherited ones.

import type { EarlyChild } from '../../arbiter/process/early-child.ts';
import { type ListenerOptions, Listeners } from '../../arbiter/sockets/listeners.ts';
import { SOCKET_MESSAGES } from '../../log/catalog/sockets.ts';
import type { ErrorLog } from '../../log/error-log.ts';
import { textOf } from '../../log/message.ts';
import { EXIT_ERROR } from '../../messages/exit-status.ts';
import type { ResolvedSettings } from '../../settings/for-processes/resolved-settings.ts';
import { errorText } from '../failed.ts';
import { reportStart } from './daemon.ts';
import type { Start } from './own-start.ts';

export type Bound =
  | { readonly ok: true; readonly listeners: Listeners }
  | { readonly ok: false; readonly exitCode: number };

/** Each failed attempt is logged. */
export async function bindListeners(
  { settings, ids }: ResolvedSettings,
  { sockets }: Start,
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
  const opened = await Listeners.open(settings.bind, options, sockets);
  if (opened.ok) return opened;
  log.say(SOCKET_MESSAGES.cannotListen, { failure: opened.message });
  reportStart({ type: 'failed', text: errorText(`Error: ${[...reasons, opened.message].join('\n')}`) });
  return { ok: false, exitCode: EXIT_ERROR };
}
