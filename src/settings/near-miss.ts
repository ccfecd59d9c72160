// Finds names that are probably misspelt names of settings. Pure.

import { isPythonCallable } from './kinds/python-callable.ts';
import type { PythonValues } from './layers.ts';
import type { Declaration } from './setting.ts';

/** In names this short, one letter can make another word: `bind`, `find`, `kind`. */
const SHORT = 4;

/** The module name of functions that a config file defines. */
const OWN_FUNCTION = '__config__.';

export interface NearMiss {
  readonly name: string;
  readonly meant: string;
}

/**
 * The names in a config file that are one letter off a setting which the file does not set. Because files also define names of their
 * own, a function counts only if the setting is a hook and the file defines the function; names that begin with an underscore never do.
 */
export function nearMisses(
  values: PythonValues,
  settings: readonly (readonly [string, Declaration])[],
): readonly NearMiss[] {
  const known = new Set(settings.map(([name]) => name));
  return Object.entries(values).flatMap(([name, value]) => {
    if (known.has(name) || name.startsWith('_')) return [];
    const found = settings.find(([setting, { kind }]) => {
      const suits = isPythonCallable(value)
        ? kind === 'hook' && value.$callable.startsWith(OWN_FUNCTION)
        : kind !== 'hook';
      return suits && !Object.hasOwn(values, setting) && isNear(name, setting);
    });
    return found === undefined ? [] : [{ name, meant: found[0] }];
  });
}

/** Whether one letter is wrong, missing or superfluous, or two neighbours are swapped. */
export function isNear(name: string, setting: string): boolean {
  if (name === setting) return false;
  let start = 0;
  while (start < name.length && name[start] === setting[start]) start++;
  const [a, b] = [name.slice(start), setting.slice(start)];
  if (a.length === b.length && a[0] === b[1] && a[1] === b[0] && a.slice(2) === b.slice(2)) return true;
  if (setting.length <= SHORT) return false;
  return a.slice(1) === b.slice(1) || a.slice(1) === b || a === b.slice(1);
}
