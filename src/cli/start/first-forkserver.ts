// Uses the first forkserver before the arbiter exists: hands it the settings, and has it call the hooks that run before sockets are
// bound.

import type { ForkserverHandle } from '../../arbiter/forkserver/forkserver-handle.ts';
import type { ForkserverRelay } from '../../arbiter/forkserver/forkserver-relay.ts';
import type { ToForkserverAboutHooks } from '../../messages/about-hooks.ts';
import type { ToForkserver } from '../../messages/between-arbiter-and-forkserver.ts';
import { EXIT_ERROR } from '../../messages/exit-status.ts';

export type Settled =
  | { readonly ok: true; readonly hooks: ReadonlySet<string> }
  | { readonly ok: false; readonly message: string };

export type Called =
  | { readonly ok: true }
  | { readonly ok: false; readonly message: string; readonly exitCode: number };

export async function settleFirst(
  forkserver: ForkserverHandle,
  relay: ForkserverRelay,
  message: ToForkserver,
): Promise<Settled> {
  forkserver.send(message);
  const answer = await relay.next();
  if (answer.type === 'settled') return { ok: true, hooks: new Set(answer.hooks) };
  if (answer.type === 'gone') return { ok: false, message: `Error: The forkserver ${answer.how}` };
  if (answer.type !== 'failed')
    return { ok: false, message: `Error: Unexpected message from the forkserver: '${answer.type}'` };
  return { ok: false, message: answer.message };
}

/** Does nothing if the hook is not set. */
export async function callFirst(
  forkserver: ForkserverHandle,
  relay: ForkserverRelay,
  hooks: ReadonlySet<string>,
  message: ToForkserverAboutHooks & { type: 'hook' },
): Promise<Called> {
  if (!hooks.has(message.hook)) return { ok: true };
  forkserver.send(message);
  const answer = await relay.nextAnswer();
  if (answer.type === 'gone') {
    return {
      ok: false,
      message: `Error: The forkserver ${answer.how} in the hook ${message.hook}`,
      exitCode: EXIT_ERROR,
    };
  }
  if (answer.type !== 'hook-done' || answer.failure === null) return { ok: true };
  const { traceback, message: text, code } = answer.failure;
  return { ok: false, message: `Error in the hook ${text}\n${traceback}`, exitCode: code ?? EXIT_ERROR };
}
