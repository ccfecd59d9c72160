// What --print-config prints, and what the log says of the settings at level debug, in Gunicorn's formats. Called by the command. Pure.

import { pythonStr } from '../settings/python-repr.ts';
import { SETTINGS, type Settings } from '../settings/settings.ts';

/** Sorted by name. */
export function formatConfig(settings: Settings): string {
  // Names are ASCII, so that this is Python's order.
  const sorted = Object.entries(settings).sort(([a], [b]) => (a < b ? -1 : 1));
  return sorted.map(([name, value]) => `${name.padEnd(34)} = ${pythonStr(value)}\n`).join('');
}

/** In the order of the sections. */
export function listConfig(settings: Settings): string {
  return SETTINGS.map(([name]) => `  ${name}: ${pythonStr(settings[name])}`).join('\n');
}
