// The first message to a forkserver: the configuration file to evaluate, and the worker class and accounts that the command line names.
// Pure.

import type { Configure } from '../../messages/between-arbiter-and-forkserver.ts';
import { WORKER_CLASSES } from '../../settings/for-processes/worker-classes.ts';
import type { FlagValues } from '../../settings/layers.ts';
import { configLocation } from '../../settings/resolve.ts';
import type { SettingName } from '../../settings/settings.ts';

export function configureMessage(commandArgs: FlagValues, commandLine: FlagValues): Configure {
  const text = (name: SettingName): string | null => {
    const value = commandLine[name] ?? commandArgs[name];
    return typeof value === 'string' ? value : null;
  };
  const accounts = (name: 'user' | 'group'): readonly string[] =>
    [commandLine[name], commandArgs[name]].flatMap((value) =>
      typeof value === 'string' || typeof value === 'number' ? [String(value).trim()] : [],
    );
  return {
    type: 'configure',
    config: configLocation(commandArgs, commandLine),
    worker_class: {
      given: text('worker_class'),
      chdir: text('chdir'),
      pythonpath: text('pythonpath'),
      known: WORKER_CLASSES.flatMap(({ name, aliases }) => [name, ...aliases]).map((each) => each.toLowerCase()),
    },
    accounts: { users: accounts('user'), groups: accounts('group') },
  };
}
