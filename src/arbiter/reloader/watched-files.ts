// Watches files: keeps a signature of each, compares it after an event in its folder or every second, and reports changes.

import fs from 'node:fs';
import path from 'node:path';
import { Batches } from './batches.ts';
import type { FileChange } from './change-burst.ts';
import { changeOf, isNewerThan, type Signature } from './file-signature.ts';
import { type Engine, type Notification, notifyOf } from './notification.ts';

export interface WatchEvents {
  changed(change: FileChange): void;
  /** inotify cannot be used, and polling replaces it. Called once. */
  fellBack(why: string): void;
}

interface WatchedFolder {
  /** The last signature of each file, by name. */
  readonly files: Map<string, Signature>;
  /** `absent`: the folder does not exist, not yet or no longer. */
  state:
    | { readonly kind: 'absent' }
    | { readonly kind: 'present'; readonly identity: string; readonly by: Notification };
}

const ABSENT = { kind: 'absent' } as const;

export class WatchedFiles {
  readonly #engine: Engine;
  readonly #events: WatchEvents;
  readonly #folders: Map<string, WatchedFolder> = new Map();
  readonly #looks: Batches = new Batches((file) => this.#look(file));
  readonly #openings: Batches = new Batches((folder) => this.#check(folder));
  /** Files already reported as newer than what was loaded: one that is written at each start must not cause endless reloads. */
  readonly #takenForNewer: Set<string> = new Set();
  #isClosed = false;
  #hasFallenBack = false;

  constructor(engine: Engine, events: WatchEvents) {
    this.#engine = engine;
    this.#events = events;
  }

  has(file: string): boolean {
    return this.#folders.get(path.dirname(file))?.files.has(path.basename(file)) === true;
  }

  /** `bornMs`: wall-clock start of the generation that loaded the file; Infinity if no generation loaded it. */
  add(file: string, bornMs: number): void {
    const name = path.dirname(file);
    const folder = this.#folders.get(name) ?? { files: new Map(), state: ABSENT };
    if (folder.files.has(path.basename(file))) return;
    // Synchronously: anything that happens to the file from now on is a change. It is checked again once the folder is watched.
    const signature = firstSignatureOf(file);
    folder.files.set(path.basename(file), signature);
    this.#folders.set(name, folder);
    if (folder.state.kind === 'absent') this.#openings.add(name);
    if (this.#takenForNewer.has(file) || !isNewerThan(bornMs, signature, Date.now())) return;
    this.#takenForNewer.add(file);
    this.#events.changed({ path: file, kind: 'modified' });
  }

  /** For a file that has just been created. */
  addNew(file: string): void {
    this.add(file, Infinity);
    this.#events.changed({ path: file, kind: 'created' });
  }

  keepOnly(keep: (file: string) => boolean): void {
    for (const [name, folder] of this.#folders) {
      for (const file of folder.files.keys()) if (!keep(path.join(name, file))) folder.files.delete(file);
      if (folder.files.size > 0) continue;
      close(folder);
      this.#folders.delete(name);
    }
  }

  /** Called once a second: checks polled files, and folders that were replaced or created. */
  async tick(): Promise<void> {
    for (const [name, folder] of this.#folders) {
      this.#openings.add(name);
      if (folder.state.kind === 'present' && folder.state.by.kind === 'poll') this.#lookAtAll(name, folder);
    }
    await this.idle();
  }

  /** Resolves when all checks requested so far are done. */
  async idle(): Promise<void> {
    await this.#openings.done();
    await this.#looks.done();
  }

  close(): void {
    this.#isClosed = true;
    for (const folder of this.#folders.values()) close(folder);
    this.#folders.clear();
  }

  async #check(name: string): Promise<void> {
    const identity = await identityOf(name);
    const folder = this.#folders.get(name);
    if (folder === undefined) return;
    const was = folder.state;
    if (identity === null ? was.kind === 'absent' : was.kind === 'present' && was.identity === identity) {
      return;
    }
    close(folder);
    if (identity !== null) {
      const by = await notifyOf(name, this.#engine, (entry) => this.#stirred(name, entry));
      if (this.#isClosed || this.#folders.get(name) !== folder) {
        if (by.kind === 'inotify') by.close();
        return;
      }
      folder.state = { kind: 'present', identity, by };
      if (by.kind === 'poll' && by.why !== null) this.#fellBack(by.why);
    }
    this.#lookAtAll(name, folder);
  }

  #fellBack(why: string): void {
    if (!this.#hasFallenBack) this.#events.fellBack(why);
    this.#hasFallenBack = true;
  }

  #stirred(name: string, entry: string | null): void {
    const folder = this.#folders.get(name);
    if (folder === undefined) return;
    if (entry !== null && folder.files.has(entry)) this.#looks.add(path.join(name, entry));
    else if (entry === null) this.#lookAtAll(name, folder);
  }

  #lookAtAll(name: string, folder: WatchedFolder): void {
    for (const file of folder.files.keys()) this.#looks.add(path.join(name, file));
  }

  async #look(whole: string): Promise<void> {
    const after = await signatureOf(whole);
    const files = this.#folders.get(path.dirname(whole))?.files;
    const before = files?.get(path.basename(whole));
    if (files === undefined || before === undefined) return;
    files.set(path.basename(whole), after);
    const kind = changeOf(before, after);
    if (kind !== null) this.#events.changed({ path: whole, kind });
  }
}

function close(folder: WatchedFolder): void {
  if (folder.state.kind === 'present' && folder.state.by.kind === 'inotify') folder.state.by.close();
  folder.state = ABSENT;
}

/** Distinguishes a folder from another one that has taken its name. */
async function identityOf(folder: string): Promise<string | null> {
  try {
    const { dev, ino } = await fs.promises.stat(folder);
    return `${dev}:${ino}`;
  } catch {
    return null;
  }
}

function firstSignatureOf(file: string): Signature {
  try {
    const { mtimeMs, size } = fs.statSync(file);
    return { mtimeMs, size };
  } catch {
    return 'missing';
  }
}

async function signatureOf(file: string): Promise<Signature> {
  try {
    const { mtimeMs, size } = await fs.promises.stat(file);
    return { mtimeMs, size };
  } catch {
    return 'missing';
  }
}
