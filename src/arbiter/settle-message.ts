// What a forkserver is told once its settings are resolved: the settings by name, and the facts behind `server`. Pure.

import type { ServerFacts } from '../messages/about-hooks.ts';
import type { ToForkserver } from '../messages/between-arbiter-and-forkserver.ts';
import type { ResolvedSettings } from './resolved-settings.ts';

/** What is not in the settings. */
export type LiveFacts = Pick<ServerFacts, 'workers' | 'worker_age' | 'pidfile' | 'listeners' | 'elsewhere' | 'state'>;

export const NOTHING_YET: LiveFacts = {
  workers: null,
  worker_age: 0,
  pidfile: null,
  listeners: [],
  elsewhere: [],
  state: '',
};

export function settleMessage(
  { settings, ids, gateway, app, serverSoftware }: ResolvedSettings,
  live: LiveFacts,
  errorlog: string = gateway.errorLog,
): ToForkserver {
  const { pid, argv, cwd } = process;
  return {
    type: 'settle',
    // Gunicorn's settings hold the numbers of user and group, whatever was given.
    settings: { ...settings, user: ids.userId, group: ids.groupId },
    server: {
      ...live,
      pid,
      app,
      server_software: serverSoftware,
      errorlog,
      master_pid: 0,
      reexec_pid: 0,
      start: { cwd: cwd(), args: argv.slice(1) },
    },
  };
}
