import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { RULES } from '../../../src/gateway/http1/rules.ts';
import { formatHttpPage, missingFromHttpPage } from '../../../src/generated-docs/http-page.ts';
import { root } from '../../harness/project.ts';

test('docs/http.md is what `npm run docs` writes', () => {
  assert.equal(readFileSync(join(root, 'docs', 'http.md'), 'utf8'), formatHttpPage());
});

test('docs/http.md has every rule and every refusal', () => {
  assert.deepEqual(missingFromHttpPage(), []);
});

test('a rule is a sentence, and says who asks for it', () => {
  for (const { text, source } of Object.values(RULES)) {
    assert.match(text, /^[A-Z`].*\.$/);
    assert.match(source, /^(?:RFC \d{4} section \d+(?:\.\d+)*|Gunicorn)$/);
  }
});
