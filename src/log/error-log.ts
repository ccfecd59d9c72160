// The error log of a Node process: levels, the form of a line, and where lines go. The arbiter's lines are written before
// log() returns, a gateway's in the background, for it has clients to serve.

import { BackgroundLog } from './background-log.ts';
import { ImmediateLog } from './immediate-log.ts';
import type { LogOwner } from './log-file.ts';
import { isLogged, jsonLogLine, type LogForm, type LogLevel, type LogSource, logLine } from './log-line.ts';
import { LogRelay } from './log-relay.ts';

export type OpenedErrorLog =
  | { readonly ok: true; readonly log: ErrorLog }
  | { readonly ok: false; readonly message: string };

export interface ErrorLogOptions {
  readonly source: LogSource;
  /** `-` for stderr, or the path of a file. */
  readonly target: string;
  readonly level: LogLevel;
  readonly form?: LogForm;
  readonly owner?: LogOwner;
}

/** What else takes entries: syslog, statsd. */
export interface LogObserver {
  /** Something was said, whether the level lets it through or not. */
  said(level: LogLevel): void;
  logged(level: LogLevel, message: string, pid: number): void;
}

interface Sink {
  readonly dropped: number;
  write(line: string): void;
  /** Returns what is wrong, if that is known at once. */
  reopen(): string | null;
  close(): unknown;
}

type OpenedSink = { readonly ok: true; readonly log: Sink } | { readonly ok: false; readonly message: string };

export class ErrorLog {
  /** Notified of every entry from now on. */
  observer: LogObserver | null = null;
  /** To Python's loggers, if they write what this process has to say. */
  readonly relay: LogRelay = new LogRelay();
  readonly #source: LogSource;
  readonly #owner: LogOwner | undefined;
  #target: string;
  #level: LogLevel;
  #form: LogForm;
  #sink: Sink;

  private constructor(options: ErrorLogOptions) {
    this.#source = options.source;
    this.#owner = options.owner;
    this.#target = options.target;
    this.#level = options.level;
    this.#form = options.form ?? 'text';
    this.#sink = NO_SINK;
  }

  static open(options: ErrorLogOptions): OpenedErrorLog {
    const log = new ErrorLog(options);
    const opened = log.#openSink(options.target);
    if (!opened.ok) return opened;
    log.#sink = opened.log;
    return { ok: true, log };
  }

  get level(): LogLevel {
    return this.#level;
  }

  set level(level: LogLevel) {
    this.#level = level;
  }

  /** Entries that could not be written: the disk is full, or nobody reads the pipe. */
  get dropped(): number {
    return this.#sink.dropped;
  }

  /** `pid` is that of the process that the entry is about the work of, for what is logged on another's behalf. */
  log(level: LogLevel, message: string, pid: number = process.pid): void {
    this.observer?.said(level);
    this.#logged(level, message, pid);
  }

  /** What another process has said, and notified its own observer of. */
  logFor(pid: number, level: LogLevel, message: string): void {
    this.#logged(level, message, pid);
  }

  #logged(level: LogLevel, message: string, pid: number): void {
    if (!isLogged(level, this.#level) || this.relay.line(level, message, pid)) return;
    const nowMs = Date.now();
    const isText = this.#form === 'text';
    this.#sink.write(
      isText ? logLine(level, message, pid, nowMs) : jsonLogLine(level, message, pid, this.#source, nowMs),
    );
    this.observer?.logged(level, message, pid);
  }

  /** After a rotation: goes on in a new file of the same name. If there can be none, the old one stays in use. */
  reopen(): void {
    const trouble = this.#sink.reopen();
    if (trouble !== null) this.log('error', `The error log is not reopened: ${trouble}`);
  }

  /** After a reload: goes on in `target`, with another level. If it cannot be written, the old one stays in use. */
  configure(target: string, level: LogLevel, form: LogForm = this.#form): void {
    this.#level = level;
    this.#form = form;
    if (target === this.#target) return;
    const opened = this.#openSink(target);
    if (!opened.ok) {
      this.log('error', `The error log is not changed: ${opened.message}`);
      return;
    }
    this.close();
    this.#target = target;
    this.#sink = opened.log;
  }

  close(): void {
    void this.#sink.close();
  }

  #openSink(target: string): OpenedSink {
    const owner = this.#owner === undefined ? {} : { owner: this.#owner };
    const onTrouble = (message: string): void => this.log('error', message);
    if (this.#source === 'arbiter') return ImmediateLog.open({ target, onTrouble, ...owner });
    return BackgroundLog.open({ name: 'error log', target, onTrouble, ...owner });
  }
}

const NO_SINK: Sink = { dropped: 0, write: () => {}, reopen: () => null, close: () => {} };
