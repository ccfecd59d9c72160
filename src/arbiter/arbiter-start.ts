// Everything that the command (../cli) prepares for the arbiter.

import type { ErrorLog } from '../log/error-log.ts';
import type { Configure, Configured } from '../messages/between-arbiter-and-forkserver.ts';
import type { Resolution, ResolvedSettings, RuntimeDirectories } from '../settings/for-processes/resolved-settings.ts';
import type { Telemetry } from '../telemetry/telemetry.ts';
import type { ForkserverCommand } from './forkserver/forkserver-command.ts';
import type { ForkserverEvents, ForkserverHandle } from './forkserver/forkserver-handle.ts';
import type { GatewayProcesses } from './gateways/gateway-process.ts';
import type { ArbiterPidFile } from './process/pid-file.ts';
import type { OwnStart } from './process/start-self.ts';
import type { Listeners } from './sockets/listeners.ts';

export interface ArbiterStart {
  readonly forkserverCommand: ForkserverCommand;
  /** The first message to each new forkserver. */
  readonly configure: Configure;
  /** The first generation's forkserver, which has already evaluated the configuration file. */
  readonly firstForkserver: (events: ForkserverEvents) => ForkserverHandle;
  readonly resolved: ResolvedSettings;
  /** The hooks that the first generation has. */
  readonly hooks: ReadonlySet<string>;
  readonly resolve: (found: Configured) => Resolution;
  readonly log: ErrorLog;
  readonly telemetry: Telemetry;
  readonly listeners: Listeners;
  /** Those of the setting admin_bind. */
  readonly adminListeners: Listeners;
  readonly processes: GatewayProcesses;
  readonly pidFile: ArbiterPidFile;
  readonly ownStart: OwnStart;
  /** An interpreter for what Node cannot do, in the arbiter and the gateways. */
  readonly python: string;
  readonly versions: { readonly version: string; readonly python: string };
  readonly directories: RuntimeDirectories;
}
