// --check-config: checks that the application can be loaded with these settings.

import type { ForkserverHandle } from '../../arbiter/forkserver/forkserver-handle.ts';
import type { ForkserverRelay } from '../../arbiter/forkserver/forkserver-relay.ts';
import { firstFacts, settleMessage } from '../../arbiter/forkserver/server-facts.ts';
import type { ResolvedSettings } from '../../settings/for-processes/resolved-settings.ts';
import { settleFirst } from './first-forkserver.ts';

/** Returns null, or the error text for the user. */
export async function checkApplication(
  forkserver: ForkserverHandle,
  relay: ForkserverRelay,
  resolved: ResolvedSettings,
): Promise<string | null> {
  const settled = await settleFirst(
    forkserver,
    relay,
    settleMessage(resolved, firstFacts(process.cwd(), null), 'leave'),
  );
  if (!settled.ok) return settled.message;
  forkserver.send({ type: 'check' });
  const answer = await relay.next();
  if (answer.type === 'checked') return null;
  const what = 'Error while loading the application:';
  if (answer.type === 'gone') return `${what}\nThe forkserver ${answer.how}`;
  if (answer.type !== 'failed') return `${what}\nUnexpected message from the forkserver: '${answer.type}'`;
  return `${what}\n${answer.traceback === '' ? answer.message : answer.traceback}`;
}
