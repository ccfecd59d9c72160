// The messages between the arbiter and a forkserver: JSON, one message per line, on the stream socket that the forkserver inherits as
// descriptor 3. End-of-file on it means that the other process is gone.

import * as z from 'zod';
import type { RelayedAccess, RelayedLine } from '../log/relayed-log.ts';
import type { KnownAccounts } from '../settings/for-processes/accounts.ts';
import { type FromForkserverAboutHooks, fromForkserverAboutHooks, type ToForkserverAboutHooks } from './about-hooks.ts';

/** The descriptor of the forkserver's end of the link. */
export const LINK_DESCRIPTOR = 3;

/** Settings that a generation's workers need, under the names in python/tunicorn/link/worker_settings.py. */
export interface WorkerSettings {
  readonly generation: number;
  readonly runtime_dir: string;
  readonly spool_dir: string;
  readonly tickets_path: string;
  readonly lifeline_path: string;
  readonly server_software: string;
  readonly preload_app: boolean;
  readonly worker_class: string;
  /** Number of requests that a worker runs concurrently, and of its slots on the claims board, from the one that `fork` names. */
  readonly slots: number;
  readonly multiprocess: boolean;
  readonly graceful_timeout: number;
  readonly proc_name: string;
  readonly user_id: number;
  readonly group_id: number;
  /** Null: no supplementary groups except group_id. */
  readonly init_group_id: number | null;
}

export type ToForkserver =
  /** Evaluate the configuration file: `-c`'s value, or null for ./gunicorn.conf.py if it exists. */
  | Configure
  /** Load the application and report the outcome; no worker will be forked. */
  | { readonly type: 'check' }
  | { readonly type: 'prepare'; readonly settings: WorkerSettings }
  | { readonly type: 'fork'; readonly slot: number; readonly age: number; readonly gateways: readonly number[] }
  | { readonly type: 'signal'; readonly pid: number; readonly signal: number }
  | { readonly type: 'reopen-logs' }
  /** Exit after the last worker. */
  | { readonly type: 'leave' }
  | RelayedLine
  | RelayedAccess
  | ToForkserverAboutHooks;

export interface Configure {
  readonly type: 'configure';
  readonly config: string | null;
  /** The command line's worker class, and where to look for its module; `known` are names that are not import paths. */
  readonly worker_class: {
    readonly given: string | null;
    readonly chdir: string | null;
    readonly pythonpath: string | null;
    readonly known: readonly string[];
  };
  /** Users and groups on the command line, to be looked up in addition to those from other sources. */
  readonly accounts: { readonly users: readonly string[]; readonly groups: readonly string[] };
}

/** The user's own worker class: dotted names, its own first; or why it cannot be imported. */
export interface OwnWorkerClass {
  readonly bases: readonly string[];
  /** Settings that the class makes; every other source overrides them. */
  readonly settings: Readonly<Record<string, unknown>>;
  readonly error: string | null;
}

/** What a forkserver finds out before it knows any setting. */
export interface Configured {
  readonly type: 'configured';
  /** The version of the interpreter. */
  readonly python: readonly [major: number, minor: number, micro: number];
  readonly worker_class: OwnWorkerClass | null;
  /** The accounts that any source of settings names. */
  readonly accounts: KnownAccounts;
  /** The path of the configuration file; null if there is none. */
  readonly path: string | null;
  readonly values: Readonly<Record<string, unknown>>;
  /** The settings of an embedding program: weaker than the configuration file, and stronger than everything else. */
  readonly framework: Readonly<Record<string, unknown>>;
  readonly overrides: Readonly<Record<string, unknown>>;
  /** gunicorn.SERVER and gunicorn.SERVER_SOFTWARE, if they were assigned. */
  readonly server: string | null;
  readonly server_software: string | null;
  /** The part of a replaced gunicorn.http.wsgi.Response that has no effect. */
  readonly server_warning: string | null;
}

export type FromForkserver =
  | Configured
  /** `capacity` is the number of tickets that the pipe can hold. */
  | { readonly type: 'prepared'; readonly capacity: number }
  | { readonly type: 'checked' }
  | {
      readonly type: 'failed';
      readonly step: 'configure' | 'settle' | 'load';
      /** The exit status for a failure at the first boot. */
      readonly code: number;
      readonly message: string;
      readonly traceback: string;
    }
  /** The forkserver got a signal, at `at_ms` on the monotonic clock: from an application whose parent process it is. */
  | { readonly type: 'signalled'; readonly signal: PassedSignal; readonly at_ms: number }
  | { readonly type: 'forked'; readonly slot: number; readonly pid: number }
  | { readonly type: 'ready'; readonly pid: number }
  | { readonly type: 'boot-failed'; readonly pid: number; readonly code: number; readonly message: string }
  /** `soon`: it goes on until it is spent, expected in about the time of a boot. */
  | { readonly type: 'wants-successor'; readonly pid: number; readonly soon?: boolean | undefined }
  /** The worker has taken its last request: max_requests. */
  | { readonly type: 'spent'; readonly pid: number }
  /** With `reload`: files that this process has loaded, or failed to load. */
  | { readonly type: 'loaded'; readonly pid: number; readonly files: readonly string[] }
  /** With `reload`: files that match an entry of `reload_extra_files`; `whole`: all of them, otherwise new ones. */
  | {
      readonly type: 'extra-files';
      readonly entry: string;
      readonly files: readonly string[];
      readonly whole: boolean;
    }
  /** The worker no longer serves; its threads and exit handlers may take a while. */
  | { readonly type: 'exiting'; readonly pid: number }
  /** The worker has read end-of-file on the ticket pipe, and is leaving. */
  | { readonly type: 'drained'; readonly pid: number }
  | {
      readonly type: 'exited';
      readonly pid: number;
      readonly slot: number;
      readonly code: number | null;
      readonly signal: number | null;
    }
  | FromForkserverAboutHooks;

/** The forkserver's reports about the lives of its workers. */
export type AboutWorker = Extract<
  FromForkserver,
  { type: 'forked' | 'not-forked' | 'ready' | 'wants-successor' | 'spent' | 'exiting' | 'exited' }
>;

const PASSED_SIGNALS = ['SIGHUP', 'SIGINT', 'SIGQUIT', 'SIGTERM', 'SIGTTIN', 'SIGTTOU', 'SIGUSR1', 'SIGUSR2'] as const;

type PassedSignal = (typeof PASSED_SIGNALS)[number];

const wholeNumber = z.number().int();
const fromForkserver = z.discriminatedUnion('type', [
  z.object({
    type: z.literal('configured'),
    python: z.tuple([wholeNumber, wholeNumber, wholeNumber]),
    worker_class: z
      .object({ bases: z.array(z.string()), settings: z.record(z.string(), z.unknown()), error: z.string().nullable() })
      .nullable(),
    accounts: z.object({
      users: z.record(z.string(), z.object({ id: z.number().int(), group_id: z.number().int().nullable() }).nullable()),
      groups: z.record(z.string(), z.number().int().nullable()),
    }),
    path: z.string().nullable(),
    values: z.record(z.string(), z.unknown()),
    framework: z.record(z.string(), z.unknown()),
    overrides: z.record(z.string(), z.unknown()),
    server: z.string().nullable(),
    server_software: z.string().nullable(),
    server_warning: z.string().nullable(),
  }),
  z.object({ type: z.literal('prepared'), capacity: wholeNumber.positive() }),
  z.object({ type: z.literal('checked') }),
  z.object({
    type: z.literal('failed'),
    step: z.enum(['configure', 'settle', 'load']),
    code: wholeNumber,
    message: z.string(),
    traceback: z.string(),
  }),
  z.object({ type: z.literal('signalled'), signal: z.enum(PASSED_SIGNALS), at_ms: z.number() }),
  z.object({ type: z.literal('forked'), slot: wholeNumber, pid: wholeNumber }),
  z.object({ type: z.literal('ready'), pid: wholeNumber }),
  z.object({ type: z.literal('boot-failed'), pid: wholeNumber, code: wholeNumber, message: z.string() }),
  z.object({ type: z.literal('wants-successor'), pid: wholeNumber, soon: z.boolean().optional() }),
  z.object({ type: z.literal('spent'), pid: wholeNumber }),
  z.object({ type: z.literal('loaded'), pid: wholeNumber, files: z.array(z.string()) }),
  z.object({ type: z.literal('extra-files'), entry: z.string(), files: z.array(z.string()), whole: z.boolean() }),
  z.object({ type: z.literal('exiting'), pid: wholeNumber }),
  z.object({ type: z.literal('drained'), pid: wholeNumber }),
  z.object({
    type: z.literal('exited'),
    pid: wholeNumber,
    slot: wholeNumber,
    code: wholeNumber.nullable(),
    signal: wholeNumber.nullable(),
  }),
]);

/** Parses one line from a forkserver; a string describes the mistake. */
export function parseFromForkserver(line: string): FromForkserver | string {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    return `not JSON: ${line.slice(0, 200)}`;
  }
  const parsed = fromForkserver.safeParse(value);
  if (parsed.success) return parsed.data;
  const aboutHooks = fromForkserverAboutHooks.safeParse(value);
  return aboutHooks.success ? aboutHooks.data : `not a message of a forkserver: ${line.slice(0, 200)}`;
}
