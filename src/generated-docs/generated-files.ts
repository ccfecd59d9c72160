// All files that are generated from tables in src/. `npm run docs` writes them; a test fails if one is stale.

import { AREAS } from '../log/catalog/areas.ts';
import { readOldestNode, readVersion } from '../package-facts.ts';
import { SETTINGS } from '../settings/settings.ts';
import { METRICS } from '../telemetry/metrics/metric-table.ts';
import { formatHttpPage } from './http-page.ts';
import { formatLogMessagesPage } from './log-messages-page.ts';
import { formatMetricsPage } from './metrics-page.ts';
import { formatMigratingPage } from './migrating-page.ts';
import { formatPythonDefaults } from './python-defaults.ts';
import { formatPythonFacts } from './python-facts.ts';
import { readPythonMessages } from './python-messages.ts';
import { formatPythonVersion } from './python-version.ts';
import { formatSettingsPage } from './settings-page.ts';

export interface GeneratedFile {
  /** Relative to the root of the repository. */
  readonly path: string;
  readonly text: () => string;
}

export const GENERATED_FILES: readonly GeneratedFile[] = [
  { path: 'docs/settings.md', text: () => formatSettingsPage(SETTINGS) },
  { path: 'docs/migrating.md', text: () => formatMigratingPage(SETTINGS) },
  { path: 'docs/http.md', text: formatHttpPage },
  { path: 'docs/metrics.md', text: () => formatMetricsPage(METRICS) },
  { path: 'docs/log-messages.md', text: () => formatLogMessagesPage(AREAS, readPythonMessages('python3')) },
  { path: 'python/tunicorn/config/setting_defaults.json', text: () => formatPythonDefaults(SETTINGS) },
  { path: 'python/tunicorn/generated_facts.py', text: () => formatPythonFacts(readOldestNode()) },
  { path: 'python/tunicorn/version.py', text: () => formatPythonVersion(readVersion()) },
];
