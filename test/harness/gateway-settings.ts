// Gateway settings for tests without a server: a configuration file's values, with the same checks.

import { type HeadRules, toHeadRules } from '../../src/gateway/http1/head/head-rules.ts';
import { type GatewaySettings, toGatewaySettings } from '../../src/settings/for-processes/gateway-settings.ts';
import { resolveSettings } from '../../src/settings/resolve.ts';
import type { Settings } from '../../src/settings/settings.ts';

/** By Gunicorn's names. A list may also be one string with commas. */
export type FileValues = { readonly [Name in keyof Settings]?: unknown };

const FACTS = { cwd: '/', userId: 0, groupId: 0, application: 'app:app', isFolder: () => true };

export function gatewaySettings(values: FileValues = {}): GatewaySettings {
  const file = { path: '/gunicorn.conf.py', values };
  const sources = { environment: {}, framework: null, overrides: null, file, commandArgs: {}, commandLine: {} };
  const resolution = resolveSettings(sources, FACTS);
  if (!resolution.ok) throw new Error(resolution.errors.join('\n'));
  return toGatewaySettings(resolution.settings, { userId: FACTS.userId, groupId: FACTS.groupId });
}

export interface HeadRulesChanges {
  readonly dialect?: GatewaySettings['dialect'];
  /** The environment variable SCRIPT_NAME. */
  readonly scriptName?: string;
}

const resolved = new Map<string, GatewaySettings>();

export function headRules(values: FileValues = {}, { dialect, scriptName = '' }: HeadRulesChanges = {}): HeadRules {
  const key = JSON.stringify(values);
  const settings = resolved.get(key) ?? gatewaySettings(values);
  resolved.set(key, settings);
  return toHeadRules(dialect === undefined ? settings : { ...settings, dialect }, scriptName);
}
