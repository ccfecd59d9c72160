// Writes every generated page and file: `npm run docs`.

import { writeFileSync } from 'node:fs';
import { GENERATED_FILES } from './generated-files.ts';

for (const { path, text } of GENERATED_FILES) {
  writeFileSync(new URL(`../../${path}`, import.meta.url), text());
}
