// The listening sockets of a server that starts: bound anew, or those that it has inherited. Called by serve.ts.

import { type ListenerOptions, Listeners } from '../../arbiter/sockets/listeners.ts';
import type { ErrorLog } from '../../log/error-log.ts';
import { EXIT_ERROR } from '../../messages/exit-status.ts';
import type { ResolvedSettings } from '../../settings/for-processes/resolved-settings.ts';
import { errorText } from '../failed.ts';
import { reportStart } from './daemon.ts';
import type { Start } from './own-start.ts';

export type Bound =
  | { readonly ok: true; readonly listeners: Listeners }
  | { readonly ok: false; readonly exitCode: number };

/** What fails is in the log already, try by try. */
export async function bindListeners(
  { settings, ids }: ResolvedSettings,
  { sockets }: Start,
  python: string,
  log: ErrorLog,
): Promise<Bound> {
  const reasons: string[] = [];
  const options: ListenerOptions = {
    python,
    backlog: settings.backlog,
    umask: settings.umask,
    reusePort: settings.reuse_port,
    uid: ids.userId,
    gid: ids.groupId,
    log: (level, message) => {
      if (level === 'error' && !reasons.includes(message)) reasons.push(message);
      log.log(level, message);
    },
  };
  const opened = await Listeners.open(settings.bind, options, sockets);
  if (opened.ok) return opened;
  log.log('error', opened.message);
  reportStart({ type: 'failed', text: errorText(`Error: ${[...reasons, opened.message].join('\n')}`) });
  return { ok: false, exitCode: EXIT_ERROR };
}
