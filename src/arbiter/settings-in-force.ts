// The settings of the serving generation, and the parts of the arbiter that follow them: its log, metrics, title and pid file.

import { ARBITER_MESSAGES } from '../log/catalog/arbiter.ts';
import { prepareLogFile } from '../log/log-file.ts';
import type { LogRelayTarget } from '../log/log-relay.ts';
import type { ResolvedSettings } from '../settings/for-processes/resolved-settings.ts';
import type { Settings } from '../settings/settings.ts';
import type { ArbiterStart } from './arbiter-start.ts';
import { nameSuffix, pidFilePath, setArbiterTitle } from './process/arbiter-names.ts';

export class SettingsInForce {
  readonly #start: Pick<ArbiterStart, 'log' | 'telemetry' | 'pidFile' | 'ownStart'>;
  #resolved: ResolvedSettings;

  /** The command has already applied the first settings. */
  constructor(start: Pick<ArbiterStart, 'log' | 'telemetry' | 'pidFile' | 'ownStart' | 'resolved'>) {
    this.#start = start;
    this.#resolved = start.resolved;
  }

  get resolved(): ResolvedSettings {
    return this.#resolved;
  }

  get settings(): Settings {
    return this.#resolved.settings;
  }

  /** All gateways serve a generation with these settings now; `forkserver` belongs to it. */
  enter(resolved: ResolvedSettings, forkserver: LogRelayTarget): void {
    this.#resolved = resolved;
    const { log, telemetry } = this.#start;
    const { gateway, settings } = resolved;
    log.relay.target = gateway.logWriter === 'python' ? forkserver : null;
    log.configure(gateway.errorLog, settings.loglevel, gateway.logFormat);
    telemetry.configure(gateway);
    setArbiterTitle(gateway.procName);
    this.#movePidFile();
  }

  /** The older arbiter is gone: takes over its names. */
  promoted(): void {
    this.#start.log.say(ARBITER_MESSAGES.promoted);
    setArbiterTitle(this.#resolved.gateway.procName.replace(/\.2$/, ''));
    this.#movePidFile();
  }

  reopenLogs(): void {
    const { gateway, ids } = this.#resolved;
    this.#start.log.reopen();
    // The directory may be writable for this process only. If creating the file fails, the gateways log it.
    prepareLogFile(gateway.accessLog, { uid: ids.userId, gid: ids.groupId });
  }

  #movePidFile(): void {
    const { log, pidFile, ownStart } = this.#start;
    const reason = pidFile.moveTo(pidFilePath(this.settings, nameSuffix(ownStart)));
    if (reason !== null) log.say(ARBITER_MESSAGES.pidFileNotMoved, { reason });
  }
}
