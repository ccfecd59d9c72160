// Creates the function that turns a configuration file's values into settings: at the start, and at each reload with the values from the
// new forkserver.

import { SETTINGS_MESSAGES } from '../../log/catalog/settings.ts';
import { entry } from '../../log/message.ts';
import type { Configured, WorkerSettings } from '../../messages/between-arbiter-and-forkserver.ts';
import { lifelinePath } from '../../runqueue/runtime-files.ts';
import { missingExtraFiles } from '../kinds/extra-files.ts';
import type { Facts, FlagValues } from '../layers.ts';
import { resolveSettings, type SettingsAndOrigins } from '../resolve.ts';
import { type AccountIds, findAccounts, findInitGroup } from './accounts.ts';
import { type ApplicationChoice, chooseApplication } from './application-uri.ts';
import { toGatewaySettings } from './gateway-settings.ts';
import { type FoundPasteFile, findPasteFile, settingsOf } from './paste-file.ts';
import type { Resolution, ResolvedSettings } from './resolved-settings.ts';
import { type ServerNames, serverNames } from './server-names.ts';
import { slotsPerWorker } from './worker-classes.ts';

export interface ResolverContext {
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly facts: Facts;
  readonly commandLine: FlagValues;
  readonly commandArgs: FlagValues;
  /** The application that the command line names. */
  readonly app: string | null;
  /** A program that embeds Tunicorn supplies its own application. */
  readonly isEmbedded: boolean;
  readonly version: string;
  /** `.2` while an older arbiter of the same name lives. */
  readonly nameSuffix: () => string;
}

export type Resolver = (found: Configured) => Resolution;

const EMBEDDING_PROGRAM = 'the embedding program';
const EMBEDDED: ApplicationChoice = { ok: true, app: '' };

export function resolver(context: ResolverContext): Resolver {
  const { environment, commandLine, commandArgs } = context;
  return (found) => {
    const paste = pasteFileOf(context);
    if (paste !== null && !paste.ok) return { ok: false, errors: [paste.error] };
    const facts = paste === null ? context.facts : { ...context.facts, application: paste.path };
    const file = found.path === null ? null : { path: found.path, values: found.values };
    const framework =
      paste === null
        ? { source: EMBEDDING_PROGRAM, values: found.framework }
        : { source: paste.path, values: settingsOf(paste) };
    const overrides = { source: EMBEDDING_PROGRAM, values: found.overrides };
    const ownWorkerClass = found.worker_class;
    const sources = { environment, framework, overrides, file, commandArgs, commandLine, ownWorkerClass };
    const resolution = resolveSettings(sources, facts);
    if (!resolution.ok) return resolution;
    const { settings, warnings } = resolution;
    const application = context.isEmbedded ? EMBEDDED : chooseApplication(context.app, settings, facts.cwd);
    if (!application.ok) return { ok: false, errors: [application.error.replace(/^Error: /, '')] };
    const origin = resolution.origins.reload_extra_files;
    const missing = missingExtraFiles(settings.reload_extra_files, facts.cwd, origin);
    if (missing.length > 0) return { ok: false, errors: missing };
    const accounts = findAccounts(settings, found.accounts);
    if (!accounts.ok) return accounts;
    const named = serverNames(found, context.version);
    if (!named.ok) return named;
    const { ids } = accounts;
    const initGroupId = findInitGroup(settings, ids, found.accounts);
    const resolvedFacts = { ids, initGroupId, app: application.app, named, nameSuffix: context.nameSuffix() };
    const { server_warning: reason } = found;
    const more = reason === null ? [] : [entry(SETTINGS_MESSAGES.responseClassReplaced, { reason })];
    return { ok: true, resolved: resolved(resolution, resolvedFacts), warnings: [...warnings, ...more] };
  };
}

/** The Paste file that a flag names: it may set more than the application. */
function pasteFileOf({ isEmbedded, commandLine, commandArgs, facts }: ResolverContext): FoundPasteFile | null {
  const location = commandLine.paste ?? commandArgs.paste;
  return isEmbedded || typeof location !== 'string' ? null : findPasteFile(location, facts.cwd);
}

interface ResolvedFacts {
  readonly ids: AccountIds;
  readonly initGroupId: number | null;
  readonly app: string;
  readonly named: ServerNames;
  readonly nameSuffix: string;
}

function resolved(
  resolution: SettingsAndOrigins,
  { ids, initGroupId, app, named, nameSuffix }: ResolvedFacts,
): ResolvedSettings {
  const { settings, origins, workerClass } = resolution;
  const serverName = origins.server_header.from === 'default' ? named.server : settings.server_header;
  const plain = toGatewaySettings(settings, ids, serverName);
  const { dialect } = workerClass;
  const clientFrom = settings.proxy_headers ? workerClass.clientFrom : 'connection';
  const gateway = { ...plain, dialect, clientFrom, initGroupId, procName: plain.procName + nameSuffix };
  return {
    settings,
    origins,
    workerClass,
    ids,
    gateway,
    app,
    serverSoftware: named.software,
    worker: (generation, directories, ticketsPath): WorkerSettings => ({
      generation,
      runtime_dir: directories.runtimeDir,
      spool_dir: directories.spoolDir,
      tickets_path: ticketsPath,
      lifeline_path: lifelinePath(directories.runtimeDir),
      server_software: named.software,
      preload_app: settings.preload_app,
      worker_class: workerClass.name,
      slots: slotsPerWorker(workerClass, settings),
      multiprocess: settings.workers > 1,
      graceful_timeout: settings.graceful_timeout,
      proc_name: gateway.procName,
      user_id: ids.userId,
      group_id: ids.groupId,
      init_group_id: initGroupId,
    }),
  };
}
