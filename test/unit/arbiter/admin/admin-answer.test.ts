// The answers of the admin address: paths, methods and the token.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type AdminFacts, adminAnswer } from '../../../../src/arbiter/admin/admin-answer.ts';

const FACTS: AdminFacts = {
  readiness: () => ({ ready: false, reason: 'the moon is full' }),
  hang: () => null,
  snapshot: () => Promise.reject(new Error('asked for a snapshot')),
};

function ask(method: string, target: string, isAllowed: boolean = true, facts: AdminFacts = FACTS) {
  return adminAnswer({ method, target, accept: '', isAllowed }, facts);
}

test('probes answer in words, with and without a token, to GET and HEAD', async () => {
  for (const method of ['GET', 'HEAD']) {
    for (const isAllowed of [true, false]) {
      const live = await ask(method, '/livez', isAllowed);
      assert.deepEqual([live.status, live.body], [200, 'ok\n']);
      const ready = await ask(method, '/readyz?verbose', isAllowed);
      assert.deepEqual([ready.status, ready.body], [503, 'not ready: the moon is full\n']);
    }
  }
  const hangs = await ask('GET', '/livez', true, { ...FACTS, hang: () => 'gateway (pid:7) does not answer' });
  assert.deepEqual([hangs.status, hangs.body], [503, 'gateway (pid:7) does not answer\n']);
});

test('without the token, neither metrics nor status are made', async () => {
  for (const path of ['/metrics', '/status']) {
    const { status, fields } = await ask('GET', path, false);
    assert.deepEqual([status, fields], [401, { 'WWW-Authenticate': 'Bearer' }]);
  }
});

test('other methods are 405, and other paths 404 with the paths that there are', async () => {
  for (const method of ['POST', 'PUT', 'OPTIONS']) {
    const { status, fields } = await ask(method, '/readyz');
    assert.deepEqual([status, fields], [405, { Allow: 'GET, HEAD' }]);
  }
  for (const path of ['/', '/livez/', '/LIVEZ', '', '*', '/status.json']) {
    const { status, body } = await ask('GET', path);
    assert.deepEqual([status, body], [404, 'Not found. There are /livez, /readyz, /metrics, /status\n'], path);
  }
});
