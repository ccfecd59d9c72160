// Opens listening sockets: python/tunicorn/helpers/bind_listeners.py binds them and passes them over Node's IPC channel, and
// each becomes a handle that the arbiter holds without accepting on it.

import type { ChildProcess } from 'node:child_process';
import { closeSync, fstatSync, lstatSync, unlinkSync } from 'node:fs';
import path from 'node:path';
import * as z from 'zod';
import { SOCKET_MESSAGES } from '../../log/catalog/sockets.ts';
import { type Entry, entry } from '../../log/message.ts';
import { systemErrorReason } from '../../log/system-error-reason.ts';
import type { ListenerAddress } from '../../messages/between-arbiter-and-gateway.ts';
import type { BindAddress } from '../../settings/kinds/bind-address.ts';
import type { EarlyChild } from '../process/early-child.ts';
import { startBinder } from './binder.ts';
import { isListeningHandle, type ListeningHandle } from './listening-handle.ts';
import { describeHolders } from './socket-holders.ts';

export interface Listener {
  readonly address: ListenerAddress;
  readonly bind: BindAddress;
  readonly handle: ListeningHandle;
  /** Closes the arbiter's copy. Also removes the file of a Unix socket created here, if it is still the same one. */
  close(file?: 'remove' | 'keep'): void;
}

export interface ListenerRequest {
  /** The interpreter. */
  readonly python: string;
  /** A process that waits for the first request. */
  readonly earlyBinder?: EarlyChild | null;
  readonly binds: readonly BindAddress[];
  readonly backlog: number;
  readonly umask: number;
  /** Whether other servers may listen on the same TCP ports (SO_REUSEPORT). */
  readonly reusePort: boolean;
  /** Owner of Unix sockets; null leaves them to the user who runs the arbiter. */
  readonly uid: number | null;
  readonly gid: number | null;
  /** The first `id` to assign; an arbiter never reuses one. */
  readonly firstId: number;
  readonly say: (entry: Entry) => void;
}

export type OpenedListeners =
  | { readonly ok: true; readonly listeners: readonly Listener[] }
  | { readonly ok: false; readonly message: string };

const fromBinder = z.discriminatedUnion('type', [
  /** An attempt failed for a reason that may pass; `will_retry` is false after the last attempt. */
  z.object({
    type: z.literal('unavailable'),
    reason: z.enum(['in use', 'invalid address']),
    address: z.string(),
    error: z.string(),
    will_retry: z.boolean(),
  }),
  z.object({
    type: z.literal('listener'),
    index: z.number().int(),
    kind: z.enum(['tcp', 'unix']),
    host: z.string(),
    port: z.string(),
    made: z.object({ dev: z.string(), ino: z.string() }).nullable(),
  }),
  /** `in_use`: the index of the address at which another process listens. */
  z.object({ type: z.literal('failed'), message: z.string(), in_use: z.number().int().nullable() }),
]);
type FromBinder = z.infer<typeof fromBinder>;
type Described = Extract<FromBinder, { type: 'listener' }>;
type Unavailable = Extract<FromBinder, { type: 'unavailable' }>;

/** Descriptor of the IPC channel in the Python process; inherited sockets (`fd://N`) follow. */
const CHANNEL_FD = 3;
/** Covers the start of the process, slow name servers, and five attempts per address. */
const START_LIMIT_MS = 30_000;
const ADDRESS_LIMIT_MS = 30_000;

/** Opens all addresses or none: after a failure nothing stays open. */
export async function openListeners(request: ListenerRequest): Promise<OpenedListeners> {
  const { binds } = request;
  if (binds.length === 0) return { ok: true, listeners: [] };
  const inherited: number[] = [];
  for (const bind of binds) {
    if (bind.kind !== 'fd') continue;
    const fault = descriptorFault(bind.fd);
    if (fault !== undefined) return { ok: false, message: `Can't listen on ${bind.text}: ${fault}` };
    inherited.push(bind.fd);
  }
  const spec = {
    addresses: binds.map((bind) =>
      bind.kind === 'fd' ? { ...bind, fd: CHANNEL_FD + 1 + inherited.indexOf(bind.fd) } : bind,
    ),
    backlog: request.backlog,
    umask: request.umask,
    reuse_port: request.reusePort,
    uid: request.uid,
    gid: request.gid,
  };
  const early = inherited.length === 0 ? request.earlyBinder?.take() : null;
  const child = early ?? startBinder(request.python, inherited);
  const deadline = setTimeout(() => child.kill('SIGKILL'), START_LIMIT_MS + ADDRESS_LIMIT_MS * binds.length);
  const listeners: Listener[] = [];
  const received = receiveListeners(child, request, listeners);
  // A failure to send is that of the process, which is reported.
  if (child.connected) child.send(spec, () => {});
  child.on('close', () => clearTimeout(deadline));
  const failure = await received;
  if (failure === undefined) return { ok: true, listeners };
  for (const listener of listeners) listener.close('remove');
  return { ok: false, message: failure };
}

/** Fills `listeners`; resolves when all are there, or the process has ended, with the reason if one is missing. */
function receiveListeners(
  child: ChildProcess,
  request: ListenerRequest,
  listeners: Listener[],
): Promise<string | undefined> {
  return new Promise((resolve) => {
    let failure: string | undefined;
    child.on('message', (raw: unknown, handle: unknown) => {
      const parsed = fromBinder.safeParse(raw);
      if (!parsed.success) {
        failure ??= `Unexpected message from bind_listeners.py: ${JSON.stringify(raw)}`;
        return;
      }
      const message = parsed.data;
      if (message.type === 'unavailable') {
        for (const line of describeUnavailable(message)) request.say(line);
      } else if (message.type === 'failed') {
        const taken = message.in_use === null ? undefined : request.binds[message.in_use];
        failure ??= message.message + (taken === undefined ? '' : describeHolders(taken));
      } else {
        const bind = request.binds[message.index];
        if (bind === undefined || !isListeningHandle(handle)) failure ??= 'bind_listeners.py sent no usable socket';
        else listeners.push(makeListener(message, request.firstId + message.index, bind, handle));
        // Its end takes as long as the bind.
        if (listeners.length === request.binds.length && failure === undefined) resolve(undefined);
      }
    });
    child.on('error', (error) => {
      resolve(`Can't bind: the Python interpreter '${request.python}' cannot be run: ${systemErrorReason(error)}`);
    });
    // `close` comes after the last message of the channel; `exit` may come before.
    child.on('close', (code, signal) => {
      const isComplete = listeners.length === request.binds.length && failure === undefined;
      const end = signal === null ? `exited with code ${code}` : `was killed by ${signal}`;
      resolve(
        isComplete ? undefined : (failure ?? `Can't bind: bind_listeners.py ${end} before all sockets were open`),
      );
    });
  });
}

function describeUnavailable({ reason, address, error, will_retry }: Unavailable): readonly Entry[] {
  const { connectionInUse, invalidAddress, connectionFailed, retrying } = SOCKET_MESSAGES;
  const why = reason === 'in use' ? entry(connectionInUse, { address }) : entry(invalidAddress, { address });
  const lines = [why, entry(connectionFailed, { address, error })];
  return will_retry ? [...lines, entry(retrying)] : lines;
}

function makeListener(described: Described, id: number, bind: BindAddress, handle: ListeningHandle): Listener {
  const { kind, host, port, made } = described;
  // The bound path: the target if `bind` names a link. Absolute, because the working directory may change before it is closed.
  const file = bind.kind === 'unix' ? path.resolve(host) : undefined;
  let isClosed = false;
  return {
    address: { id, label: listenerLabel(kind, host, port), kind, host, port },
    bind,
    handle,
    close(handling = 'remove'): void {
      if (isClosed) return;
      isClosed = true;
      if (handling === 'remove' && file !== undefined && made !== null) removeIfSame(file, made);
      handle.close();
      // An inherited socket is open here twice. While either copy is open, the kernel keeps queueing connections.
      if (bind.kind === 'fd' && bind.fd > 2) closeSync(bind.fd);
    },
  };
}

/** As Gunicorn prints it after `Listening at:`. */
function listenerLabel(kind: 'tcp' | 'unix', host: string, port: string): string {
  if (kind === 'unix') return `unix:${host}`;
  return `http://${host.includes(':') ? `[${host}]` : host}:${port}`;
}

/** A successor may have put its own socket at the same path; that one must stay. */
export function removeIfSame(file: string, made: { readonly dev: string; readonly ino: string }): void {
  try {
    const found = lstatSync(file, { bigint: true });
    if (String(found.dev) === made.dev && String(found.ino) === made.ino) unlinkSync(file);
  } catch {
    // Removed already, or not removable: the next start replaces a socket that no process listens on.
  }
}

function descriptorFault(fd: number): string | undefined {
  try {
    return fstatSync(fd).isSocket() ? undefined : `descriptor ${fd} is not a socket`;
  } catch {
    return `descriptor ${fd} is not open. It must be inherited from the process that starts Tunicorn`;
  }
}
