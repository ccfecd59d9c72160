// Makes the function that turns a configuration file's values into settings: called once at the start, and again at each reload with
// what the new forkserver has found.

import type { Resolution, ResolvedSettings } from '../arbiter/resolved-settings.ts';
import { lifelinePath } from '../arbiter/runtime-directory.ts';
import type { Configured, WorkerSettings } from '../messages/between-arbiter-and-forkserver.ts';
import { type AccountIds, lookUpAccounts, lookUpInitGroup } from '../settings/accounts.ts';
import { toGatewaySettings } from '../settings/gateway-settings.ts';
import type { Facts, FlagValues } from '../settings/layers.ts';
import { resolveSettings, type SettingsAndOrigins } from '../settings/resolve.ts';
import { type ApplicationChoice, chooseApplication } from './application-uri.ts';

export interface ResolverContext {
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly facts: Facts;
  readonly commandLine: FlagValues;
  readonly commandArgs: FlagValues;
  /** The application that the command line names. */
  readonly app: string | null;
  /** A program that embeds Tunicorn brings its application itself. */
  readonly isEmbedded: boolean;
  readonly version: string;
  /** `.2` while an older arbiter of the same name lives. */
  readonly nameSuffix: () => string;
}

export type Resolver = (found: Configured) => Resolution;

const EMBEDDING_PROGRAM = 'the embedding program';
const EMBEDDED: ApplicationChoice = { ok: true, app: '' };

export function resolver(context: ResolverContext): Resolver {
  const { environment, facts, commandLine, commandArgs } = context;
  return (found) => {
    const file = found.path === null ? null : { path: found.path, values: found.values };
    const framework = { source: EMBEDDING_PROGRAM, values: found.framework };
    const overrides = { source: EMBEDDING_PROGRAM, values: found.overrides };
    const sources = { environment, framework, overrides, file, commandArgs, commandLine };
    const resolution = resolveSettings(sources, facts);
    if (!resolution.ok) return resolution;
    const { settings, warnings } = resolution;
    const application = context.isEmbedded ? EMBEDDED : chooseApplication(context.app, settings);
    if (!application.ok) return { ok: false, errors: [application.error.replace(/^Error: /, '')] };
    const accounts = lookUpAccounts(settings);
    if (!accounts.ok) return accounts;
    const software = found.server_software ?? `tunicorn/${context.version}`;
    const { ids } = accounts;
    const more = { ids, app: application.app, software, nameSuffix: context.nameSuffix() };
    return { ok: true, resolved: resolved(resolution, more), warnings };
  };
}

interface ResolvedFacts {
  readonly ids: AccountIds;
  readonly app: string;
  readonly software: string;
  readonly nameSuffix: string;
}

function resolved(resolution: SettingsAndOrigins, { ids, app, software, nameSuffix }: ResolvedFacts): ResolvedSettings {
  const { settings, origins, workerClass } = resolution;
  const plain = toGatewaySettings(settings, ids);
  const initGroupId = lookUpInitGroup(settings, ids);
  const gateway = { ...plain, initGroupId, procName: plain.procName + nameSuffix };
  return {
    settings,
    origins,
    workerClass,
    ids,
    gateway,
    app,
    serverSoftware: software,
    worker: (generation, directories, ticketsPath): WorkerSettings => ({
      app,
      generation,
      runtime_dir: directories.runtimeDir,
      spool_dir: directories.spoolDir,
      tickets_path: ticketsPath,
      lifeline_path: lifelinePath(directories.runtimeDir),
      chdir: settings.chdir,
      pythonpath: (settings.pythonpath ?? '').split(',').filter((entry) => entry !== ''),
      env: Object.fromEntries(
        settings.raw_env.map((pair) => [pair.slice(0, pair.indexOf('=')), pair.slice(pair.indexOf('=') + 1)]),
      ),
      server_software: software,
      preload_app: settings.preload_app,
      worker_class: workerClass.name,
      slots: 1,
      multiprocess: settings.workers > 1,
      max_requests: settings.max_requests,
      max_requests_jitter: settings.max_requests_jitter,
      graceful_timeout: settings.graceful_timeout,
      errorlog: gateway.errorLog,
      loglevel: settings.loglevel,
      proc_name: gateway.procName,
      user_id: ids.userId,
      group_id: ids.groupId,
      init_group_id: initGroupId,
    }),
  };
}
