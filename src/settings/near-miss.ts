// Names that are nearly the name of a setting: what somebody has probably misspelt. Pure.

import { isPythonCallable } from './kinds/python-callable.ts';
import type { PythonValues } from './layers.ts';
import type { Declaration } from './setting.ts';

/** With names this short, a letter more or less makes another word: `bind`, `find`, `kind`. */
const SHORT = 4;

/** Where the functions of a config file say that they come from. */
const OWN_FUNCTION = '__config__.';

export interface NearMiss {
  readonly name: string;
  readonly meant: string;
}

/**
 * Of the names in a config file, those that are one letter off a setting which the file does not set. Files define names of their own:
 * a function counts only where the setting is a hook, and the function the file's; what begins with an underscore never does.
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

/** Whether one letter is wrong, missing or too many, or two neighbours are swapped. */
export function isNear(name: string, setting: string): boolean {
  if (name === setting) return false;
  let start = 0;
  while (start < name.length && name[start] === setting[start]) start++;
  const [a, b] = [name.slice(start), setting.slice(start)];
  if (a.length === b.length && a[0] === b[1] && a[1] === b[0] && a.slice(2) === b.slice(2)) return true;
  if (setting.length <= SHORT) return false;
  return a.slice(1) === b.slice(1) || a.slice(1) === b || a === b.slice(1);
}
