// What the command (../cli) has prepared before the arbiter takes over.

import type { ErrorLog } from '../log/error-log.ts';
import type { Configure, Configured } from '../messages/between-arbiter-and-forkserver.ts';
import type { Telemetry } from '../metrics/telemetry.ts';
import type { ArbiterPidFile } from './arbiter-pid-file.ts';
import type { ForkserverCommand } from './forkserver-command.ts';
import type { ForkserverEvents, ForkserverHandle } from './forkserver-handle.ts';
import type { Listeners } from './listeners.ts';
import type { Resolution, ResolvedSettings } from './resolved-settings.ts';
import type { RuntimeDirectories } from './runtime-directory.ts';
import type { OwnStart } from './start-self.ts';

export interface ArbiterStart {
  readonly forkserverCommand: ForkserverCommand;
  /** What each new forkserver is told first. */
  readonly configure: Configure;
  /** The first generation's forkserver, which has evaluated the configuration file already. */
  readonly firstForkserver: (events: ForkserverEvents) => ForkserverHandle;
  readonly resolved: ResolvedSettings;
  /** The hooks that the first generation has. */
  readonly hooks: ReadonlySet<string>;
  readonly resolve: (found: Configured) => Resolution;
  readonly log: ErrorLog;
  readonly telemetry: Telemetry;
  readonly listeners: Listeners;
  readonly pidFile: ArbiterPidFile;
  readonly ownStart: OwnStart;
  /** An interpreter for what Node cannot do by itself, here and in the gateways. */
  readonly python: string;
  readonly directories: RuntimeDirectories;
}
