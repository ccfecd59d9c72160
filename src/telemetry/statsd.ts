// The metrics of one process for a StatsD server: the arbiter's workers and backlog, a gateway's requests, and the log messages of both.

import type { LogLevel } from '../log/log-line.ts';
import { openOutlet } from './outlet/open-outlet.ts';
import type { Outlet } from './outlet/outlet.ts';
import type { OutletAddress } from './outlet/outlet-address.ts';
import { StatsdLines, type StatsdNaming } from './statsd-lines.ts';

export interface StatsdSettings extends StatsdNaming {
  readonly address: OutletAddress;
  readonly backlog: boolean;
}

const COUNTED: readonly LogLevel[] = ['critical', 'error', 'warning'];

export class Statsd {
  readonly #lines: StatsdLines;
  readonly #outlet: Outlet;

  constructor(settings: StatsdSettings, python: string) {
    this.#lines = new StatsdLines(settings);
    this.#outlet = openOutlet(settings.address, python);
  }

  get dropped(): number {
    return this.#outlet.dropped;
  }

  request(status: number, durationUs: number): void {
    this.#outlet.send(this.#lines.duration('gunicorn.request.duration', durationUs));
    this.#outlet.send(this.#lines.increment('gunicorn.requests'));
    this.#outlet.send(this.#lines.increment(`gunicorn.request.status.${status}`));
  }

  /** As in Gunicorn, messages below the log level count, too. */
  said(level: LogLevel): void {
    if (COUNTED.includes(level)) this.#outlet.send(this.#lines.increment(`gunicorn.log.${level}`));
  }

  workers(count: number): void {
    this.#outlet.send(this.#lines.gauge('gunicorn.workers', count));
  }

  /** Long-lived connections: they last as long as the client listens. */
  streams(kind: 'web_sockets' | 'tunnels' | 'event_streams', count: number): void {
    this.#outlet.send(this.#lines.gauge(`gunicorn.${kind}`, count));
  }

  backlog(connections: number): void {
    this.#outlet.send(this.#lines.histogram('gunicorn.backlog', connections));
  }

  close(): void {
    this.#outlet.close();
  }
}
