// The messages between arbiter and forkserver about Gunicorn's server hooks, which run in Python. Part of
// between-arbiter-and-forkserver.ts.

import * as z from 'zod';
import type { LogWriter } from '../settings/for-processes/log-writer.ts';

/** The values of a `server` object, under the names that python/tunicorn/hook_objects/server_object.py reads. */
export interface ServerFacts {
  /** The arbiter's. */
  readonly pid: number;
  readonly app: string;
  readonly server_software: string;
  /** Ends in .2 in an arbiter that is to replace another one. */
  readonly proc_name: string;
  /** The name of the class, however the setting names it. */
  readonly worker_class: string;
  /** Where this forkserver writes log lines: `-`, or a path. */
  readonly errorlog: string;
  readonly workers: number | null;
  readonly worker_age: number;
  readonly master_pid: number;
  readonly reexec_pid: number;
  readonly start: { readonly cwd: string; readonly args: readonly string[] };
  readonly pidfile: string | null;
  readonly listeners: readonly ListenerFacts[];
  readonly elsewhere: readonly WorkerFacts[];
  /** The attributes that hooks of the previous generation set on its `server`; empty if there are none. */
  readonly state: string;
}

interface ListenerFacts {
  readonly label: string;
  readonly bind: string;
}

/** A living worker of another generation. */
export interface WorkerFacts {
  readonly pid: number;
  readonly age: number;
}

type ArbiterHook = 'on_starting' | 'on_reload' | 'when_ready' | 'pre_exec' | 'on_exit';

export type ToForkserverAboutHooks =
  /** The settings are resolved; here is each one by name. Answered by `settled`, or `failed`. */
  | {
      readonly type: 'settle';
      /** `leave` when checking the configuration, which must not create log files. */
      readonly logs: 'open' | 'leave';
      readonly log_writer: LogWriter;
      readonly settings: Readonly<Record<string, unknown>>;
      readonly server: ServerFacts;
    }
  /** Answered by `hook-done`. */
  | { readonly type: 'hook'; readonly hook: ArbiterHook }
  | { readonly type: 'hook'; readonly hook: 'nworkers_changed'; readonly new: number; readonly old: number | null }
  /** The facts that have changed since `settle`. Not answered. */
  | {
      readonly type: 'facts';
      readonly facts: Partial<ServerFacts>;
    }
  /** Answered by `state`. */
  | { readonly type: 'pack-state' }
  /** The arbiter acts on this signal: call the handler reported by `handles`. Not answered. */
  | { readonly type: 'call-handler'; readonly signal: string }
  /** The forkserver lingers for handlers that are no longer needed. */
  | { readonly type: 'release-handlers' };

export interface HookFailure {
  /** Hook, exception and its text, on one line. */
  readonly message: string;
  readonly traceback: string;
  /** The exit status that the exception itself asks for, like SystemExit. */
  readonly code: number | null;
}

/** A request made through the `server` object by a hook, or by a thread that it started. */
export type Asked =
  | { readonly type: 'ask'; readonly what: 'kill-worker'; readonly pid: number; readonly signal: number }
  | { readonly type: 'ask'; readonly what: 'resize'; readonly workers: number }
  | { readonly type: 'ask'; readonly what: 'stop'; readonly graceful: boolean }
  | { readonly type: 'ask'; readonly what: 'manage' | 'reload' };

export type FromForkserverAboutHooks =
  /** The hooks that are set. */
  | { readonly type: 'settled'; readonly hooks: readonly string[] }
  /** Also sent unasked, when a hook fails that the forkserver calls on its own: pre_fork, child_exit. */
  | { readonly type: 'hook-done'; readonly hook: string; readonly failure: HookFailure | null }
  | { readonly type: 'not-forked'; readonly slot: number }
  | { readonly type: 'state'; readonly state: string }
  /** A hook has installed a handler for this signal. */
  | { readonly type: 'handles'; readonly signal: string }
  /** Asked to leave, and without workers, but kept alive by threads that hooks started, or by handlers of signals. */
  | { readonly type: 'lingers'; readonly threads: readonly string[]; readonly handled: readonly string[] }
  | Asked;

const wholeNumber = z.number().int();

export const fromForkserverAboutHooks: z.ZodType<FromForkserverAboutHooks> = z.union([
  z.object({ type: z.literal('settled'), hooks: z.array(z.string()) }),
  z.object({
    type: z.literal('hook-done'),
    hook: z.string(),
    failure: z.object({ message: z.string(), traceback: z.string(), code: wholeNumber.nullable() }).nullable(),
  }),
  z.object({ type: z.literal('not-forked'), slot: wholeNumber }),
  z.object({ type: z.literal('state'), state: z.string() }),
  z.object({ type: z.literal('handles'), signal: z.string() }),
  z.object({ type: z.literal('lingers'), threads: z.array(z.string()), handled: z.array(z.string()) }),
  z.object({ type: z.literal('ask'), what: z.literal('kill-worker'), pid: wholeNumber, signal: wholeNumber }),
  z.object({ type: z.literal('ask'), what: z.literal('resize'), workers: wholeNumber }),
  z.object({ type: z.literal('ask'), what: z.literal('stop'), graceful: z.boolean() }),
  z.object({ type: z.literal('ask'), what: z.enum(['manage', 'reload']) }),
]);
