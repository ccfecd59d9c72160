// The rules that heads are read by, from the settings.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { headRules } from '../../../../harness/gateway-settings.ts';

test('the loopback addresses are trusted by default', () => {
  const { trustedPeers } = headRules();
  assert.deepEqual(
    ['127.0.0.1', '::1', '10.0.0.1'].map((address) => trustedPeers.trusts(address)),
    [true, true, false],
  );
});

test('a header block has room for all fields at their largest', () => {
  const rules = headRules({ limit_request_fields: 3, limit_request_field_size: 40 });
  assert.equal(rules.limitHeaderBlockBytes, 3 * 42 + 4);
});
