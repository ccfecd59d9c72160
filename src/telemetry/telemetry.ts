// What a Node process sends elsewhere beside its files: lines to syslog, metrics to StatsD. Follows the error log, and the settings.

import type { ErrorLog, LogObserver } from '../log/error-log.ts';
import type { LogLevel } from '../log/log-line.ts';
import { Statsd, type StatsdSettings } from './statsd.ts';
import { Syslog, type SyslogSettings } from './syslog.ts';

export interface TelemetrySettings {
  readonly syslog: SyslogSettings | null;
  readonly statsd: StatsdSettings | null;
}

/** How often it is said that lines for syslog are dropped, at most. */
const SAY_DROPPED_MS = 60_000;

export class Telemetry implements LogObserver {
  /** Null where the settings ask for none. */
  syslog: Syslog | null = null;
  statsd: Statsd | null = null;
  readonly #log: ErrorLog;
  readonly #python: string;
  #settings: TelemetrySettings = { syslog: null, statsd: null };
  #saidDropped = 0;
  #saidMs = Number.NEGATIVE_INFINITY;

  constructor(log: ErrorLog, python: string, settings: TelemetrySettings) {
    this.#log = log;
    this.#python = python;
    log.observer = this;
    this.configure(settings);
  }

  /** What has changed is opened anew; what has not goes on. */
  configure(settings: TelemetrySettings): void {
    if (!isSame(settings.syslog, this.#settings.syslog)) {
      this.syslog?.close();
      this.syslog = settings.syslog === null ? null : new Syslog(settings.syslog, this.#python);
      this.#saidDropped = 0;
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

  /** Called now and then: a receiver that has been missing lines is worth a line in the file. */
  check(nowMs: number): void {
    const dropped = this.syslog?.dropped ?? 0;
    if (dropped <= this.#saidDropped || nowMs - this.#saidMs < SAY_DROPPED_MS) return;
    this.#saidDropped = dropped;
    this.#saidMs = nowMs;
    this.#log.log('warning', `Lines for syslog are lost, ${dropped} so far: nobody takes them at syslog_addr`);
  }
}

/** Settings are plain JSON, made anew at each reload. */
function isSame(one: unknown, other: unknown): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}
