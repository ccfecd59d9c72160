// Makes listeners from sockets that another process has bound: systemd, or the arbiter that this one succeeds.

import { lstatSync } from 'node:fs';
import path from 'node:path';
import { type BindAddress, parseBindAddress } from '../../settings/kinds/bind-address.ts';
import type { InheritedSockets } from './inherited-sockets.ts';
import {
  type Listener,
  type ListenerRequest,
  type OpenedListeners,
  openListeners,
  removeIfSame,
} from './open-listeners.ts';

export async function adoptListeners(
  inherited: InheritedSockets,
  options: Omit<ListenerRequest, 'binds' | 'firstId'>,
): Promise<OpenedListeners> {
  const binds = inherited.descriptors.map((fd) => ({ kind: 'fd', text: `fd://${fd}`, fd }) as const);
  const opened = await openListeners({ ...options, binds, firstId: 0 });
  // systemd keeps its sockets, and their files, for the next start.
  if (!opened.ok || inherited.source === 'LISTEN_FDS') return opened;
  const listeners = opened.listeners.map((listener, index) => adopted(listener, inherited.binds?.[index]));
  return { ok: true, listeners };
}

/** Known by the older arbiter's bind address, so that a reload compares like with like. */
function adopted(listener: Listener, text: string | undefined): Listener {
  const bind = originalBind(listener, text);
  if (bind.kind !== 'unix') return { ...listener, bind };
  // The last arbiter to end removes the file.
  const file = path.resolve(bind.path);
  const made = fileOf(file);
  return {
    ...listener,
    bind,
    close(handling = 'remove'): void {
      if (handling === 'remove' && made !== null) removeIfSame(file, made);
      listener.close(handling);
    },
  };
}

function originalBind({ address, bind }: Listener, text: string | undefined): BindAddress {
  const { kind, host, port } = address;
  const shown = kind === 'unix' ? `unix:${host}` : `${host.includes(':') ? `[${host}]` : host}:${port}`;
  const parsed = parseBindAddress(text ?? shown);
  return parsed.ok ? parsed.address : bind;
}

function fileOf(file: string): { readonly dev: string; readonly ino: string } | null {
  const found = lstatSync(file, { bigint: true, throwIfNoEntry: false });
  return found?.isSocket() === true ? { dev: String(found.dev), ino: String(found.ino) } : null;
}
