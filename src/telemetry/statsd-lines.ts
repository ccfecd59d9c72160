// StatsD's metrics as text, with Gunicorn's names, types and spelling; one line is one datagram. Pure.

export interface StatsdNaming {
  /** The setting `statsd_prefix`. */
  readonly prefix: string;
  /** The setting `dogstatsd_tags`. */
  readonly tags: string;
}

export class StatsdLines {
  readonly #prefix: string;
  readonly #tags: string;

  constructor(naming: StatsdNaming) {
    // Exactly one dot between prefix and name, however many the prefix ends with.
    this.#prefix = naming.prefix.replace(/^(.+[^.]+)\.*$/, '$1.');
    this.#tags = naming.tags === '' ? '' : `|#${naming.tags}`;
  }

  gauge(name: string, value: number): string {
    return `${this.#prefix}${name}:${value}|g${this.#tags}`;
  }

  /** Increments a counter by one. */
  increment(name: string): string {
    return `${this.#prefix}${name}:1|c|@1.0${this.#tags}`;
  }

  /** In milliseconds, to the microsecond. */
  duration(name: string, durationUs: number): string {
    const ms = Math.floor(durationUs) / 1000;
    return `${this.#prefix}${name}:${Number.isInteger(ms) ? `${ms}.0` : ms}|ms${this.#tags}`;
  }

  histogram(name: string, value: number): string {
    return `${this.#prefix}${name}:${value}|h${this.#tags}`;
  }
}
