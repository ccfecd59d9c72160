// Generates python/tunicorn/config/setting_defaults.json, the settings table for Python. Pure.

import type { Declaration } from '../settings/setting.ts';

/** The members that config.py and setting_kinds.py read. */
const NAMES = ['section', 'flags', 'kind', 'default', 'summary', 'environment', 'defaultFrom', 'none', 'min', 'max'];
const CHOICE_NAMES = ['choices', 'synonyms', 'otherwise'];

/** One line per setting, so that a change to a setting changes one line. */
export function formatPythonDefaults(settings: readonly (readonly [string, Declaration])[]): string {
  const lines = settings.map(([name, declaration]) => {
    const entries = Object.entries(declaration).filter(([key]) => [...NAMES, ...CHOICE_NAMES].includes(key));
    return `  ${JSON.stringify(name)}: ${JSON.stringify(Object.fromEntries(entries))}`;
  });
  return `{\n${lines.join(',\n')}\n}\n`;
}
