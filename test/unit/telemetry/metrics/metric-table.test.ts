// The table of metrics against the conventions of Prometheus, and against the settings that its labels name.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SETTINGS } from '../../../../src/settings/settings.ts';
import { METRICS } from '../../../../src/telemetry/metrics/metric-table.ts';
import { LIMITS } from '../../../../src/telemetry/snapshot/gateway-report.ts';

test('names are unique, have one prefix, and end in their unit', () => {
  assert.equal(new Set(METRICS.map(({ name }) => name)).size, METRICS.length);
  for (const { name, unit, kind } of METRICS) {
    if (kind !== 'info') assert.match(name, /^tunicorn_[a-z_]+$/);
    assert.doesNotMatch(name, /_(total|info|count|sum|bucket)$/);
    const suffix = /_(seconds|bytes)$/.exec(name)?.[1];
    assert.equal(unit, suffix, name);
  }
});

test('each help text is one or more sentences', () => {
  for (const { name, help } of METRICS) assert.match(help, /^[A-Z1].*\.$/, name);
});

test('each limit is a setting, or the limit of open files', () => {
  const settings = new Set<string>(SETTINGS.map(([name]) => name));
  for (const limit of LIMITS) assert.ok(settings.has(limit) || limit === 'open_files', limit);
});

test('only the versions and the addresses of bind are labels without a fixed set of values', () => {
  const open = METRICS.flatMap(({ name, labels }) =>
    Object.entries(labels).flatMap(([label, values]) => (typeof values === 'string' ? [`${name} ${label}`] : [])),
  );
  assert.deepEqual(open, ['tunicorn version', 'tunicorn node', 'tunicorn python', 'tunicorn_listen_backlog listener']);
});
