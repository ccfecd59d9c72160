// Writes docs/settings.md. Run by hand, as `node dist/cli/write-settings-page.js`, after a change to the settings table.

import { writeFileSync } from 'node:fs';
import { SETTINGS } from '../settings/settings.ts';
import { formatSettingsPage } from './settings-page.ts';

writeFileSync(new URL('../../docs/settings.md', import.meta.url), formatSettingsPage(SETTINGS));
