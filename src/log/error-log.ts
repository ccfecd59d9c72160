// The error log of a Node process: levels, the form of lines, and their target. The arbiter writes its lines synchronously; a
// gateway, which has clients to serve, writes them in the background.

import { BackgroundLog } from './background-log.ts';
import { LOG_MESSAGES } from './catalog/logs.ts';
import { ImmediateLog } from './immediate-log.ts';
import type { LogOwner } from './log-file.ts';
import { isLogged, jsonLogLine, type LogForm, type LogLevel, type LogSource, logLine } from './log-line.ts';
import { LogRelay } from './log-relay.ts';
import { type Entry, entry, type Message, textOf, type ValueArguments } from './message.ts';

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

/** Observes the log: syslog, StatsD. */
export interface LogObserver {
  /** Called for every message, even one below the log level. */
  said(level: LogLevel): void;
  /** Called for messages that were written. */
  logged(level: LogLevel, message: string, pid: number): void;
}

interface Sink {
  readonly dropped: number;
  write(line: string): void;
  /** Returns the reason for a failure, if it is known immediately. */
  reopen(): string | null;
  close(): unknown;
}

type OpenedSink = { readonly ok: true; readonly log: Sink } | { readonly ok: false; readonly message: string };

export class ErrorLog {
  observer: LogObserver | null = null;
  /** Passes lines to Python's loggers, if those write the logs. */
  readonly relay: LogRelay = new LogRelay();
  readonly #source: LogSource;
  readonly #owner: LogOwner | undefined;
  #target: string;
  #level: LogLevel;
  #form: LogForm;
  #sink: Sink;
  /** Dropped entries of earlier targets. */
  #droppedBefore = 0;

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

  /** Number of entries that could not be written because the disk was full or the reader of the pipe did not read. */
  get dropped(): number {
    return this.#droppedBefore + this.#sink.dropped;
  }

  /** Formats the text only if the level is on. */
  say<Text extends string>(said: Message<Text>, ...values: ValueArguments<Text>): void {
    this.enter(entry(said, ...values));
  }

  /** `pid` of the process that the entry describes, when logging on behalf of another process. */
  enter(said: Entry, pid: number = process.pid): void {
    const { level } = said.message;
    this.observer?.said(level);
    if (isLogged(level, this.#level)) this.#write(level, textOf(said), pid);
  }

  /** A line of another process, which has already notified its own observer. */
  logFor(pid: number, level: LogLevel, text: string): void {
    if (isLogged(level, this.#level)) this.#write(level, text, pid);
  }

  #write(level: LogLevel, message: string, pid: number): void {
    if (this.relay.line(level, message, pid)) return;
    const nowMs = Date.now();
    const isText = this.#form === 'text';
    this.#sink.write(
      isText ? logLine(level, message, pid, nowMs) : jsonLogLine({ level, message, pid, source: this.#source }, nowMs),
    );
    this.observer?.logged(level, message, pid);
  }

  /** After a rotation: continues in a new file of the same name, or in the old one if that cannot be opened. */
  reopen(): void {
    const reason = this.#sink.reopen();
    if (reason !== null) this.say(LOG_MESSAGES.logNotReopened, { log: 'error log', reason });
  }

  /** After a reload: continues in `target`, or in the old file if `target` cannot be written. */
  configure(target: string, level: LogLevel, form: LogForm = this.#form): void {
    this.#level = level;
    this.#form = form;
    if (target === this.#target) return;
    const opened = this.#openSink(target);
    if (!opened.ok) {
      this.say(LOG_MESSAGES.errorLogNotChanged, { reason: opened.message });
      return;
    }
    this.#droppedBefore += this.#sink.dropped;
    this.close();
    this.#target = target;
    this.#sink = opened.log;
  }

  close(): void {
    void this.#sink.close();
  }

  #openSink(target: string): OpenedSink {
    const owner = this.#owner === undefined ? {} : { owner: this.#owner };
    const onTrouble = (trouble: Entry): void => this.enter(trouble);
    if (this.#source === 'arbiter') return ImmediateLog.open({ target, onTrouble, ...owner });
    return BackgroundLog.open({ name: 'error log', target, onTrouble, ...owner });
  }
}

const NO_SINK: Sink = { dropped: 0, write: () => {}, reopen: () => null, close: () => {} };
