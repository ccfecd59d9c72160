// Writes docs/http.md. Run by hand, as `node dist/gateway/http/write-http-page.js`, after a change to the rules or refusals.

import { writeFileSync } from 'node:fs';
import { formatHttpPage } from './http-page.ts';

writeFileSync(new URL('../../../docs/http.md', import.meta.url), formatHttpPage());
