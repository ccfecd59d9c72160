// The settings as text with their origins, for the status of a server. Secrets are left out. Pure.

import { pythonStr } from './kinds/python-repr.ts';
import { describeOrigin } from './origin.ts';
import type { Origins } from './resolve.ts';
import { SETTINGS, type SettingName, type Settings } from './settings.ts';

const SECRETS: ReadonlySet<SettingName> = new Set(
  SETTINGS.flatMap(([name, { isSecret }]) => (isSecret === true ? [name] : [])),
);

/** They often hold passwords: whoever starts the server may see them, but not everyone who may see its status. */
const PERHAPS_SECRET: readonly SettingName[] = ['raw_env', 'raw_paste_global_conf', 'logconfig_dict'];

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
      const origin = origins[name];
      const isHidden = PERHAPS_SECRET.includes(name) && origin.from !== 'default';
      return [name, { value: isHidden ? NOT_SHOWN : shownValue(settings, name), origin: describeOrigin(origin) }];
    }),
  );
}
