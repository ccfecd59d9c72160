// Sends one process's error log to syslog, and a gateway's access log. Never waits for the receiver.

import type { LogLevel } from '../log/log-line.ts';
import { openOutlet } from './outlet/open-outlet.ts';
import type { Outlet } from './outlet/outlet.ts';
import type { OutletAddress } from './outlet/outlet-address.ts';
import { type SyslogNaming, syslogLine } from './syslog-line.ts';

export interface SyslogSettings extends SyslogNaming {
  readonly address: OutletAddress;
  /** Whether the access log is sent, too. */
  readonly access: boolean;
}

export class Syslog {
  readonly #naming: SyslogNaming;
  readonly #outlet: Outlet;

  constructor(settings: SyslogSettings, python: string) {
    this.#naming = settings;
    this.#outlet = openOutlet(settings.address, python);
  }

  /** Lines known to be lost. */
  get dropped(): number {
    return this.#outlet.dropped;
  }

  error(level: LogLevel, message: string, pid: number): void {
    this.#outlet.send(syslogLine(this.#naming, 'error', { level, pid, message }));
  }

  access(line: string, pid: number): void {
    this.#outlet.send(syslogLine(this.#naming, 'access', { level: 'info', pid, message: line }));
  }

  close(): void {
    this.#outlet.close();
  }
}
