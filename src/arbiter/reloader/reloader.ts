// The setting `reload`: watches the files that the living generations have loaded, the configuration file and
// `reload_extra_files`, and reports changes to the arbiter.

import path from 'node:path';
import { RELOADER_MESSAGES } from '../../log/catalog/reloader.ts';
import type { ErrorLog } from '../../log/error-log.ts';
import type { Entry } from '../../log/message.ts';
import { isPattern } from '../../settings/kinds/extra-files.ts';
import { addChange, type Burst, describeBurst, dueAtMs, type FileChange, LONGEST_MS } from './change-burst.ts';
import type { Engine } from './notification.ts';
import { WatchedFiles } from './watched-files.ts';

const ROUND_MS = 1000;

export interface ReloadSettings {
  readonly reload: boolean;
  readonly reload_engine: Engine;
  readonly reload_extra_files: readonly string[];
}

/** What one generation has loaded. */
interface Loaded {
  readonly bornMs: number;
  readonly files: Set<string>;
}

type State =
  | { readonly kind: 'off' }
  | { readonly kind: 'on'; readonly settings: ReloadSettings; readonly watched: WatchedFiles; readonly extra: Extra };

/** The files that each entry of `reload_extra_files` has named so far; null before the first report. */
type Extra = Map<string, ReadonlySet<string> | null>;

export class Reloader {
  readonly #log: ErrorLog;
  readonly #configFile: string | null;
  /** `reason` is for the log. */
  readonly #changed: (reason: Entry) => void;
  readonly #generations: Map<number, Loaded> = new Map();
  #state: State = { kind: 'off' };
  #burst: Burst | null = null;
  #due: NodeJS.Timeout | null = null;
  #round: NodeJS.Timeout | null = null;

  /** `configFile`: what `-c` gave. */
  constructor(log: ErrorLog, startDir: string, configFile: string | null, changed: (reason: Entry) => void) {
    this.#log = log;
    this.#configFile = configFilePath(startDir, configFile);
    this.#changed = changed;
  }

  /** A generation starts. The files it loads are read after `bornMs`, in wall-clock time. */
  generationStarts(number: number, bornMs: number): void {
    this.#generations.set(number, { bornMs, files: new Set(this.#configFile === null ? [] : [this.#configFile]) });
  }

  /** The settings of the newest generation are known. */
  configure(number: number, settings: ReloadSettings): void {
    const before = this.#state;
    if (!settings.reload) return this.close();
    if (before.kind === 'on' && isSame(before.settings, settings)) return this.#watchLoaded(number);
    this.close();
    if (before.kind === 'off') this.#log.say(RELOADER_MESSAGES.reloaderOn);
    const watched = new WatchedFiles(settings.reload_engine, {
      changed: (change) => this.#note(change),
      fellBack: (reason) => this.#log.say(RELOADER_MESSAGES.polling, { reason }),
    });
    const extra: Extra = new Map(settings.reload_extra_files.map((entry) => [entry, null]));
    this.#state = { kind: 'on', settings, watched, extra };
    for (const known of this.#generations.keys()) this.#watchLoaded(known);
    void this.#goRound();
  }

  /** A process of the generation has loaded these files, or has failed to load them. */
  loaded(number: number, files: readonly string[]): void {
    const generation = this.#generations.get(number);
    if (generation === undefined) return;
    for (const file of files) {
      generation.files.add(file);
      if (this.#state.kind === 'on') this.#state.watched.add(file, generation.bornMs);
    }
  }

  /** A forkserver has found files that match an entry of `reload_extra_files`: all of them (`isWhole`), or only new ones. */
  matched(entry: string, files: readonly string[], isWhole: boolean): void {
    const state = this.#state;
    const before = state.kind === 'on' ? state.extra.get(entry) : undefined;
    // An older forkserver may still report by its own settings.
    if (state.kind === 'off' || before === undefined || (before === null && !isWhole)) return;
    if (files.length === 0 && before === null && isPattern(entry)) {
      this.#log.say(RELOADER_MESSAGES.emptyPattern, { pattern: entry });
    }
    for (const file of files) {
      if (before?.has(file) === true) continue;
      // Files that exist at the start are not new.
      if (before === null) state.watched.add(file, Number.POSITIVE_INFINITY);
      else if (!state.watched.has(file)) state.watched.addNew(file);
    }
    // A deleted file stays, so that its return is noticed.
    state.extra.set(entry, new Set([...(before ?? []), ...files]));
  }

  /** Forgets the files of older generations. Not earlier, because a next generation that fails may have loaded almost nothing. */
  serves(number: number): void {
    for (const known of this.#generations.keys()) if (known < number) this.#generations.delete(known);
    const state = this.#state;
    if (state.kind === 'off') return;
    const kept = [...this.#generations.values()].map(({ files }) => files);
    for (const matched of state.extra.values()) if (matched !== null) kept.push(new Set(matched));
    state.watched.keepOnly((file) => kept.some((files) => files.has(file)));
  }

  /** A signal reloads now: the pending changes are part of that. */
  forgetBurst(): void {
    this.#burst = null;
    if (this.#due !== null) clearTimeout(this.#due);
    this.#due = null;
  }

  close(): void {
    if (this.#state.kind === 'on') this.#state.watched.close();
    this.#state = { kind: 'off' };
    if (this.#round !== null) clearTimeout(this.#round);
    this.#round = null;
    this.forgetBurst();
  }

  #watchLoaded(number: number): void {
    const generation = this.#generations.get(number);
    if (this.#state.kind === 'off' || generation === undefined) return;
    for (const file of generation.files) this.#state.watched.add(file, generation.bornMs);
  }

  async #goRound(): Promise<void> {
    const state = this.#state;
    if (state.kind === 'off') return;
    await state.watched.tick();
    if (this.#state === state) this.#round = setTimeout(() => void this.#goRound(), ROUND_MS).unref();
  }

  #note(change: FileChange): void {
    const nowMs = performance.now();
    this.#burst = addChange(this.#burst, change, nowMs);
    if (this.#due !== null) clearTimeout(this.#due);
    this.#due = setTimeout(() => void this.#lookOnceMore(), dueAtMs(this.#burst) - nowMs);
  }

  /** With polling, it may be quiet only because the files were not checked yet. */
  async #lookOnceMore(): Promise<void> {
    const burst = this.#burst;
    if (this.#state.kind === 'off' || burst === null) return;
    const isOverdue = performance.now() - burst.firstMs > LONGEST_MS;
    if (!isOverdue) await this.#state.watched.tick();
    // The check has found more changes and extended the burst, or a signal has reloaded already.
    if (this.#burst !== burst) return;
    this.forgetBurst();
    this.#changed(describeBurst(burst));
  }
}

/** The file of `-c` or the default one, even if it does not exist yet. A module is reported by the process that imports it. */
function configFilePath(startDir: string, config: string | null): string | null {
  if (config === null) return path.join(startDir, 'gunicorn.conf.py');
  if (config.startsWith('python:')) return null;
  return path.resolve(startDir, config.replace(/^file:/, ''));
}

function isSame(a: ReloadSettings, b: ReloadSettings): boolean {
  return a.reload_engine === b.reload_engine && a.reload_extra_files.join('\0') === b.reload_extra_files.join('\0');
}
