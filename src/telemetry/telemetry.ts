// The output of a Node process besides its log files: lines to syslog, metrics to StatsD.

import { TELEMETRY_MESSAGES } from '../log/catalog/telemetry.ts';
import type { ErrorLog, LogObserver } from '../log/error-log.ts';
import type { LogLevel } from '../log/log-line.ts';
import { Statsd, type StatsdSettings } from './statsd.ts';
import { Syslog, type SyslogSettings } from './syslog.ts';

export interface TelemetrySettings {
  readonly syslog: SyslogSettings | null;
  readonly statsd: StatsdSettings | null;
}

/** Shortest time between two warnings about dropped lines. */
const WARN_DROPPED_MS = 60_000;

export class Telemetry implements LogObserver {
  /** Null if the settings do not ask for it; the same for `statsd`. */
  syslog: Syslog | null = null;
  statsd: Statsd | null = null;
  readonly #log: ErrorLog;
  readonly #python: string;
  #settings: TelemetrySettings = { syslog: null, statsd: null };
  #warnedDropped = 0;
  #warnedMs = Number.NEGATIVE_INFINITY;

  constructor(log: ErrorLog, python: string, settings: TelemetrySettings) {
    this.#log = log;
    this.#python = python;
    log.observer = this;
    this.configure(settings);
  }

  /** Reopens what has changed and keeps the rest. */
  configure(settings: TelemetrySettings): void {
    if (!isSame(settings.syslog, this.#settings.syslog)) {
      this.syslog?.close();
      this.syslog = settings.syslog === null ? null : new Syslog(settings.syslog, this.#python);
      this.#warnedDropped = 0;
    }
    if (!isSame(settings.statsd, this.#settings.statsd)) {
      this.statsd?.close();
      this.statsd = settings.statsd === null ? null : new Statsd(settings.statsd, this.#python);
    }
    this.#settings = settings;
  }

  close(): void {
    this.syslog?.close();
    this.statsd?.close();
  }

  said(level: LogLevel): void {
    this.statsd?.said(level);
  }

  logged(level: LogLevel, message: string, pid: number): void {
    this.syslog?.error(level, message, pid);
  }

  /** Warns in the log file about lines that syslog did not accept. To be called periodically. */
  check(nowMs: number): void {
    const dropped = this.syslog?.dropped ?? 0;
    if (dropped <= this.#warnedDropped || nowMs - this.#warnedMs < WARN_DROPPED_MS) return;
    this.#warnedDropped = dropped;
    this.#warnedMs = nowMs;
    this.#log.say(TELEMETRY_MESSAGES.syslogDropped, { count: dropped });
  }
}

/** Settings are plain JSON, parsed again at each reload. */
function isSame(one: unknown, other: unknown): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}
