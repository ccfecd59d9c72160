// The settings of one generation, in the forms in which the processes take them.

import type { WorkerSettings } from '../messages/between-arbiter-and-forkserver.ts';
import type { AccountIds } from '../settings/accounts.ts';
import type { GatewaySettings } from '../settings/gateway-settings.ts';
import type { Origins } from '../settings/resolve.ts';
import type { Settings } from '../settings/settings.ts';
import type { WorkerClass } from '../settings/worker-classes.ts';
import type { RuntimeDirectories } from './runtime-directory.ts';

export interface ResolvedSettings {
  readonly settings: Settings;
  readonly origins: Origins;
  readonly workerClass: WorkerClass;
  readonly ids: AccountIds;
  readonly gateway: GatewaySettings;
  /** The application, as MODULE:CALLABLE; empty when an embedding program brings it. */
  readonly app: string;
  readonly serverSoftware: string;
  readonly worker: (generation: number, directories: RuntimeDirectories, ticketsPath: string) => WorkerSettings;
}

export type Resolution =
  | { readonly ok: true; readonly resolved: ResolvedSettings; readonly warnings: readonly string[] }
  | { readonly ok: false; readonly errors: readonly string[] };
