// The names by which other programs find an arbiter: its title and its pid file. While an older arbiter lives, they end in `.2`.

import { fromChdir } from '../../settings/from-chdir.ts';
import type { Settings } from '../../settings/settings.ts';
import type { OwnStart } from './start-self.ts';

/** `.2` while the older arbiter that started this one still lives. */
export function nameSuffix({ parent }: Pick<OwnStart, 'parent'>): '' | '.2' {
  return parent !== null && process.ppid === parent ? '.2' : '';
}

export function pidFilePath(settings: Settings, suffix: string): string | null {
  return settings.pidfile === null ? null : fromChdir(settings.chdir, settings.pidfile) + suffix;
}

/** Operators look for `arbiter [NAME]` in `ps`, as for Gunicorn's `master [NAME]`. */
export function setArbiterTitle(procName: string): void {
  process.title = `tunicorn: arbiter [${procName}]`;
}
