// The message that sends a forkserver its resolved settings and the facts behind `server`. Pure.

import type { ServerFacts } from '../../messages/about-hooks.ts';
import type { ToForkserver } from '../../messages/between-arbiter-and-forkserver.ts';
import type { ResolvedSettings } from '../../settings/for-processes/resolved-settings.ts';
import type { ArbiterStart } from '../arbiter-start.ts';
import type { UpgradeState } from '../process/upgrade-state.ts';

/** Facts that do not follow from the settings. */
export type LiveFacts = Omit<
  ServerFacts,
  'pid' | 'app' | 'server_software' | 'proc_name' | 'worker_class' | 'errorlog'
>;

/** Facts that the arbiter itself owns. */
export type HookFacts = Pick<ServerFacts, 'listeners' | 'pidfile' | 'master_pid' | 'reexec_pid' | 'start'>;

/** For an arbiter that is starting. `parent` is the arbiter from which it will take over. */
export function firstFacts(cwd: string, parent: number | null): LiveFacts {
  return {
    workers: null,
    worker_age: 0,
    master_pid: parent ?? 0,
    reexec_pid: 0,
    start: startContext(cwd),
    pidfile: null,
    listeners: [],
    elsewhere: [],
    state: '',
  };
}

/** For a running arbiter. */
export function hookFacts(
  { listeners, pidFile, forkserverCommand }: Pick<ArbiterStart, 'listeners' | 'pidFile' | 'forkserverCommand'>,
  upgrade: UpgradeState,
): HookFacts {
  return {
    listeners: listeners.current().map(({ address, bind }) => ({ label: address.label, bind: bind.text })),
    pidfile: pidFile.path,
    master_pid: upgrade.kind === 'newer' ? upgrade.parent : 0,
    reexec_pid: upgrade.kind === 'older' ? upgrade.pid : 0,
    start: startContext(forkserverCommand.cwd),
  };
}

/** The working directory and the arguments of the command. */
function startContext(cwd: string): ServerFacts['start'] {
  return { cwd, args: process.argv.slice(1) };
}

export function settleMessage(
  { settings, ids, gateway, app, serverSoftware, workerClass }: ResolvedSettings,
  live: LiveFacts,
  logs: 'open' | 'leave' = 'open',
): ToForkserver {
  return {
    type: 'settle',
    logs,
    log_writer: gateway.logWriter,
    // As in Gunicorn, the settings hold the numeric ids of user and group, in whatever form they were given.
    settings: { ...settings, user: ids.userId, group: ids.groupId },
    server: {
      ...live,
      pid: process.pid,
      app,
      server_software: serverSoftware,
      proc_name: gateway.procName,
      worker_class: workerClass.name,
      errorlog: logs === 'open' ? gateway.errorLog : '-',
    },
  };
}
