// Writes docs/settings.md, docs/migrating.md, and the defaults for Python. Run by hand, as `node dist/cli/write-settings-page.js`, after a
// change to the settings table or to what signals do.

import { writeFileSync } from 'node:fs';
import { formatPythonDefaults } from '../settings/python-defaults.ts';
import { SETTINGS } from '../settings/settings.ts';
import { formatMigratingPage } from './migrating-page.ts';
import { formatSettingsPage } from './settings-page.ts';

write('docs/settings.md', formatSettingsPage(SETTINGS));
write('docs/migrating.md', formatMigratingPage(SETTINGS));
write('python/tunicorn/setting_defaults.json', formatPythonDefaults(SETTINGS));

function write(path: string, text: string): void {
  writeFileSync(new URL(`../../${path}`, import.meta.url), text);
}
