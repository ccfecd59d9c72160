// The settings table for Python: python/tunicorn/config/setting_defaults.json, which tunicorn.config.config.Config reads. Pure.

import type { Declaration } from '../settings/setting.ts';

/** What config.py and setting_kinds.py look at. */
const NAMES = ['section', 'flags', 'kind', 'default', 'summary', 'environment', 'defaultFrom', 'none', 'min', 'max'];
const CHOICE_NAMES = ['choices', 'synonyms', 'otherwise'];

/** One line for each setting, so that a change to one shows as a change of one line. */
export function formatPythonDefaults(settings: readonly (readonly [string, Declaration])[]): string {
  const lines = settings.map(([name, declaration]) => {
    const entries = Object.entries(declaration).filter(([key]) => [...NAMES, ...CHOICE_NAMES].includes(key));
    return `  ${JSON.stringify(name)}: ${JSON.stringify(Object.fromEntries(entries))}`;
  });
  return `{\n${lines.join(',\n')}\n}\n`;
}
