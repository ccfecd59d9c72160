// Writes every generated page and file: `npm run docs`.

import { writeFileSync } from 'node:fs';
import { SETTINGS } from '../settings/settings.ts';
import { formatHttpPage } from './http-page.ts';
import { formatMigratingPage } from './migrating-page.ts';
import { formatPythonDefaults } from './python-defaults.ts';
import { formatPythonFacts } from './python-facts.ts';
import { formatSettingsPage } from './settings-page.ts';

write('docs/settings.md', formatSettingsPage(SETTINGS));
write('docs/migrating.md', formatMigratingPage(SETTINGS));
write('docs/http.md', formatHttpPage());
write('python/tunicorn/config/setting_defaults.json', formatPythonDefaults(SETTINGS));
write('python/tunicorn/generated_facts.py', formatPythonFacts());

function write(path: string, text: string): void {
  writeFileSync(new URL(`../../${path}`, import.meta.url), text);
}
