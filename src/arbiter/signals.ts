// The signals that the arbiter handles, as Gunicorn documents them, with their meanings for docs/migrating.md.

import type { Migration } from '../settings/setting.ts';

export const HANDLED_SIGNALS = [
  'SIGTERM',
  'SIGINT',
  'SIGQUIT',
  'SIGHUP',
  'SIGTTIN',
  'SIGTTOU',
  'SIGUSR1',
  'SIGUSR2',
  'SIGWINCH',
] as const;

export type HandledSignal = (typeof HANDLED_SIGNALS)[number];

export interface SignalMeaning {
  readonly does: string;
  /** As in the settings table. Without it, the signal does the same as in Gunicorn. */
  readonly migration?: Migration;
}

export const ARBITER_SIGNALS: Readonly<Record<HandledSignal, SignalMeaning>> = {
  SIGTERM: {
    does: 'Stop: in-flight requests finish, within graceful_timeout.',
    migration: {
      better: 'New requests on keep-alive connections are answered, too; a second one stops immediately.',
    },
  },
  SIGINT: { does: 'Stop immediately.' },
  SIGQUIT: { does: 'Stop immediately.' },
  SIGHUP: {
    does: 'Read the config file again and start new workers with new code.',
    migration: {
      better: 'The old workers serve until the new ones are ready. If the file or the application fails, they stay.',
    },
  },
  SIGTTIN: { does: 'One worker more.' },
  SIGTTOU: { does: 'One worker less, down to one.' },
  SIGUSR1: { does: 'Open the log files again.' },
  SIGUSR2: {
    does: 'Start a new server with the same sockets beside this one.',
    migration: { better: 'It works under systemd socket activation, too.' },
  },
  SIGWINCH: { does: 'With daemon: stop all workers and keep the sockets, until TTIN or HUP.' },
};

/** For signals sent to one worker. */
export const WORKER_SIGNALS: Readonly<Record<string, SignalMeaning>> = {
  SIGTERM: { does: 'The worker finishes its request, exits, and is replaced.' },
  'SIGINT, SIGQUIT': { does: 'The worker exits immediately, its request gets 500, and it is replaced.' },
  SIGABRT: { does: 'The worker exits immediately, with status 1, and is replaced.' },
  SIGUSR1: { does: 'The worker opens its log files again.' },
  SIGWINCH: { does: 'Nothing.' },
};
