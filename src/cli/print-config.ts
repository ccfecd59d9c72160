// What --print-config prints: every setting with its value, in Gunicorn's format. Called by the command. Pure.

import { pythonStr } from '../settings/python-repr.ts';
import type { Settings } from '../settings/settings.ts';

export function formatConfig(settings: Settings): string {
  // Names are ASCII, so that this is Python's order.
  const sorted = Object.entries(settings).sort(([a], [b]) => (a < b ? -1 : 1));
  return sorted.map(([name, value]) => `${name.padEnd(34)} = ${pythonStr(value)}\n`).join('');
}
