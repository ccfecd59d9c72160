import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { GENERATED_FILES } from '../../../src/generated-docs/generated-files.ts';
import { root } from '../../harness/project.ts';

for (const { path, text } of GENERATED_FILES) {
  test(`${path} is the output of \`npm run docs\``, () => {
    assert.equal(readFileSync(join(root, path), 'utf8'), text());
  });
}
