// Writes docs/settings.md, and the same for Python. Run by hand, as `node dist/cli/write-settings-page.js`, after a change to the settings table.

import { writeFileSync } from 'node:fs';
import { formatPythonDefaults } from '../settings/python-defaults.ts';
import { SETTINGS } from '../settings/settings.ts';
import { formatSettingsPage } from './settings-page.ts';

writeFileSync(new URL('../../docs/settings.md', import.meta.url), formatSettingsPage(SETTINGS));
writeFileSync(new URL('../../python/tunicorn/setting_defaults.json', import.meta.url), formatPythonDefaults(SETTINGS));
