// The settings of one generation, in the form that each process takes.

import type { Entry } from '../../log/message.ts';
import type { WorkerSettings } from '../../messages/between-arbiter-and-forkserver.ts';
import type { Origins } from '../resolve.ts';
import type { Settings } from '../settings.ts';
import type { AccountIds } from './accounts.ts';
import type { GatewaySettings } from './gateway-settings.ts';
import type { WorkerClass } from './worker-classes.ts';

export interface RuntimeDirectories {
  readonly runtimeDir: string;
  readonly spoolDir: string;
}

export interface ResolvedSettings {
  readonly settings: Settings;
  readonly origins: Origins;
  readonly workerClass: WorkerClass;
  readonly ids: AccountIds;
  readonly gateway: GatewaySettings;
  /** The application, as MODULE:CALLABLE; empty if an embedding program supplies it. */
  readonly app: string;
  readonly serverSoftware: string;
  readonly worker: (generation: number, directories: RuntimeDirectories, ticketsPath: string) => WorkerSettings;
}

export type Resolution =
  | { readonly ok: true; readonly resolved: ResolvedSettings; readonly warnings: readonly Entry[] }
  | { readonly ok: false; readonly errors: readonly string[] };
