// The settings as text with their origins, for the status of a server. Secrets are left out. Pure.

import { pythonStr } from './kinds/python-repr.ts';
import { describeOrigin } from './origin.ts';
import type { Origins } from './resolve.ts';
import { SETTINGS, type SettingName, type Settings } from './settings.ts';

const SECRETS: ReadonlySet<SettingName> = new Set(
  SETTINGS.flatMap(([name, { isSecret }]) => (isSecret === true ? [name] : [])),
);

const NOT_SHOWN = '(not shown)';

/** As Python prints it. */
export function shownValue(settings: Settings, name: SettingName): string {
  const value = settings[name];
  return SECRETS.has(name) && value !== null ? NOT_SHOWN : pythonStr(value);
}

/** By name. */
export function describeSettings(
  settings: Settings,
  origins: Origins,
): Record<string, { readonly value: string; readonly origin: string }> {
  return Object.fromEntries(
    SETTINGS.map(([name]) => {
      // The variables are the application's, often with passwords.
      const value = name === 'raw_env' && settings.raw_env.length > 0 ? NOT_SHOWN : shownValue(settings, name);
      return [name, { value, origin: describeOrigin(origins[name]) }];
    }),
  );
}
