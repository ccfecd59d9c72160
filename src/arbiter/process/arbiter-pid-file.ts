// The arbiter's pid file through its life: made where the setting says, with `.2` behind while an older arbiter lives, and moved when
// a reload or a promotion asks for another path.

import path from 'node:path';
import { fromChdir } from '../../settings/from-chdir.ts';
import type { Settings } from '../../settings/settings.ts';
import { createPidFile, type PidFile } from './pid-file.ts';

export type MadePidFile =
  | { readonly ok: true; readonly pidFile: ArbiterPidFile }
  | { readonly ok: false; readonly message: string };

export function pidFilePath(settings: Settings, suffix: string): string | null {
  return settings.pidfile === null ? null : fromChdir(settings.chdir, settings.pidfile) + suffix;
}

export class ArbiterPidFile {
  #file: PidFile | null;

  private constructor(file: PidFile | null) {
    this.#file = file;
  }

  /** `file` is null where there is to be none. */
  static create(file: string | null): MadePidFile {
    if (file === null) return { ok: true, pidFile: new ArbiterPidFile(null) };
    const created = createPidFile(file);
    return created.ok ? { ok: true, pidFile: new ArbiterPidFile(created.pidFile) } : created;
  }

  get path(): string | null {
    return this.#file?.path ?? null;
  }

  /** Returns why it stays where it is, or null. */
  moveTo(file: string | null): string | null {
    const old = this.#file;
    if (file !== null && old?.path === path.resolve(file)) return null;
    if (file !== null) {
      const created = createPidFile(file);
      if (!created.ok) return created.message;
      this.#file = created.pidFile;
    } else {
      this.#file = null;
    }
    old?.remove();
    return null;
  }

  remove(): void {
    this.#file?.remove();
  }
}
