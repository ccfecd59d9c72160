// Formats the settings for --print-config and for the log at level debug, as Gunicorn does. Pure.

import { shownValue } from '../settings/describe-settings.ts';
import { describeOrigin } from '../settings/origin.ts';
import type { Origins } from '../settings/resolve.ts';
import { SETTINGS, type Settings } from '../settings/settings.ts';

/** Sorted by name. With `origins`, each line ends in a comment about the value's origin. */
export function formatConfig(settings: Settings, origins?: Origins): string {
  // Names are ASCII, so this is Python's order.
  const names = SETTINGS.map(([name]) => name).sort();
  const lines = names.map((name) => {
    const origin = origins === undefined ? '' : `  # ${describeOrigin(origins[name])}`;
    return `${name.padEnd(34)} = ${shownValue(settings, name)}${origin}\n`;
  });
  return lines.join('');
}

/** In the order of the sections. */
export function listConfig(settings: Settings): string {
  return SETTINGS.map(([name]) => `  ${name}: ${shownValue(settings, name)}`).join('\n');
}
