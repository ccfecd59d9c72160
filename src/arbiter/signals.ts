// The signals that the arbiter answers, as Gunicorn documents them.

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
