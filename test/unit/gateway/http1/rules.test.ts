import assert from 'node:assert/strict';
import { test } from 'node:test';
import { RULES } from '../../../../src/gateway/http1/rules.ts';

test('a rule is a sentence, and names its source', () => {
  for (const { text, source } of Object.values(RULES)) {
    assert.match(text, /^[A-Z`].*\.$/);
    assert.match(source, /^(?:RFC \d{4} section \d+(?:\.\d+)*|Gunicorn)$/);
  }
});
