// The names under which other programs find an arbiter: its title and its pid file. While an older arbiter lives, they end in `.2`.

import { fromChdir } from '../../settings/from-chdir.ts';
import type { Settings } from '../../settings/settings.ts';
import type { OwnStart } from './start-self.ts';

/** What ends the names of an arbiter that an older one has started to take its place, and that still lives. */
export function nameSuffix({ parent }: Pick<OwnStart, 'parent'>): '' | '.2' {
  return parent !== null && process.ppid === parent ? '.2' : '';
}

export function pidFilePath(settings: Settings, suffix: string): string | null {
  return settings.pidfile === null ? null : fromChdir(settings.chdir, settings.pidfile) + suffix;
}

/** In `ps`, people look for `arbiter [NAME]`, as they did for Gunicorn's `master [NAME]`. */
export function setArbiterTitle(procName: string): void {
  process.title = `tunicorn: arbiter [${procName}]`;
}
