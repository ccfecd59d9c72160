// Listening sockets that were open before this process started: systemd's socket activation (LISTEN_FDS), or an older arbiter
// that upgrades itself (GUNICORN_FD). Pure: the environment is an argument.

import { SOCKET_MESSAGES } from '../../log/catalog/sockets.ts';
import { type Entry, entry } from '../../log/message.ts';

export interface InheritedSockets {
  readonly source: 'LISTEN_FDS' | 'GUNICORN_FD' | 'TUNICORN_ADMIN_FD';
  readonly descriptors: readonly number[];
  /** The bind address of each in the older arbiter; null if it did not pass them on. */
  readonly binds: readonly string[] | null;
}

export type ReadInheritance =
  | { readonly ok: true; readonly sockets: InheritedSockets | null; readonly warning: Entry | null }
  | { readonly ok: false; readonly message: string };

/** Where systemd puts the first one (sd_listen_fds(3)); an upgrade does the same. */
export const FIRST_DESCRIPTOR = 3;

/** Meant for one process: children must not take them for their own. */
export const INHERITANCE_VARIABLES = [
  'LISTEN_PID',
  'LISTEN_FDS',
  'LISTEN_FDNAMES',
  'GUNICORN_PID',
  'GUNICORN_FD',
  'TUNICORN_BINDS',
  'TUNICORN_ADMIN_FD',
  'TUNICORN_ADMIN_BINDS',
] as const;

type Environment = Readonly<Record<string, string | undefined>>;

export function readInheritance(environment: Environment, pid: number): ReadInheritance {
  const { LISTEN_PID: listenPid, LISTEN_FDS: listenFds, GUNICORN_FD: descriptors } = environment;
  let warning: Entry | null = null;
  if (listenPid !== undefined && listenFds !== undefined) {
    if (listenPid === String(pid)) return fromSystemd(listenFds);
    warning = entry(SOCKET_MESSAGES.listenFdsIgnored, { wanted: listenPid, pid });
  }
  if (descriptors === undefined || parentPid(environment) === null) return { ok: true, sockets: null, warning };
  return fromArbiter('GUNICORN_FD', descriptors, environment.TUNICORN_BINDS, warning);
}

/** The sockets of admin_bind, from an older arbiter. */
export function readAdminInheritance(environment: Environment): ReadInheritance {
  const { TUNICORN_ADMIN_FD: descriptors, TUNICORN_ADMIN_BINDS: binds } = environment;
  if (descriptors === undefined || parentPid(environment) === null) return { ok: true, sockets: null, warning: null };
  return fromArbiter('TUNICORN_ADMIN_FD', descriptors, binds, null);
}

/** The arbiter that started this one as its successor. */
export function parentPid(environment: Environment): number | null {
  const pid = Number(environment.GUNICORN_PID);
  return Number.isInteger(pid) && pid > 0 ? pid : null;
}

/** For the log. */
export function describeInherited({ source, descriptors }: InheritedSockets): Entry {
  const giver = source === 'LISTEN_FDS' ? 'systemd' : 'an older arbiter';
  const sockets = descriptors.length === 1 ? 'a listening socket' : `${descriptors.length} listening sockets`;
  return entry(SOCKET_MESSAGES.bindIgnored, { giver, sockets, variable: source });
}

function fromSystemd(count: string): ReadInheritance {
  if (!/^[0-9]{1,4}$/.test(count)) return { ok: false, message: `LISTEN_FDS is '${count}' (wanted: a number)` };
  const descriptors = Array.from({ length: Number(count) }, (_, index) => FIRST_DESCRIPTOR + index);
  if (descriptors.length === 0) return { ok: true, sockets: null, warning: null };
  return { ok: true, sockets: { source: 'LISTEN_FDS', descriptors, binds: null }, warning: null };
}

function fromArbiter(
  source: 'GUNICORN_FD' | 'TUNICORN_ADMIN_FD',
  list: string,
  bindsText: string | undefined,
  warning: Entry | null,
): ReadInheritance {
  const words = list.split(',').filter((word) => word !== '');
  if (!words.every((word) => /^[0-9]{1,4}$/.test(word))) {
    return { ok: false, message: `${source} is '${list}' (wanted: descriptors, separated by commas)` };
  }
  if (words.length === 0) return { ok: true, sockets: null, warning };
  const binds = parseTexts(bindsText);
  const isWhole = binds !== null && binds.length === words.length;
  const sockets = { source, descriptors: words.map(Number), binds: isWhole ? binds : null } as const;
  return { ok: true, sockets, warning };
}

function parseTexts(json: string | undefined): readonly string[] | null {
  try {
    const value: unknown = JSON.parse(json ?? 'null');
    return Array.isArray(value) && value.every((text) => typeof text === 'string') ? value : null;
  } catch {
    return null; // Not set by an arbiter: the names of the sockets are used instead.
  }
}
