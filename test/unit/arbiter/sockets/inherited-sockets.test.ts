// The listening sockets that the environment names.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import {
  describeInherited,
  parentPid,
  readAdminInheritance,
  readInheritance,
} from '../../../../src/arbiter/sockets/inherited-sockets.ts';
import { textOf } from '../../../../src/log/message.ts';

describe('readInheritance()', () => {
  test('finds nothing in an ordinary environment', () => {
    assert.deepEqual(readInheritance({ PATH: '/bin' }, 7), { ok: true, sockets: null, warning: null });
  });

  test('accepts LISTEN_FDS for this process: descriptors from 3 on', () => {
    const sockets = { source: 'LISTEN_FDS', descriptors: [3, 4], binds: null };
    assert.deepEqual(readInheritance({ LISTEN_PID: '7', LISTEN_FDS: '2' }, 7), { ok: true, sockets, warning: null });
  });

  test('leaves LISTEN_FDS for another process, and warns', () => {
    const read = readInheritance({ LISTEN_PID: '8', LISTEN_FDS: '2' }, 7);
    assert.ok(read.ok && read.sockets === null);
    assert.match(read.warning === null ? '' : textOf(read.warning), /meant for process 8, but this is process 7/);
  });

  for (const count of ['', '-1', '1.5', 'many', '99999']) {
    test(`refuses LISTEN_FDS=${count}`, () => {
      assert.equal(readInheritance({ LISTEN_PID: '7', LISTEN_FDS: count }, 7).ok, false);
    });
  }

  test('accepts GUNICORN_FD of an older arbiter, with its bind addresses', () => {
    const environment = { GUNICORN_PID: '5', GUNICORN_FD: '3,4', TUNICORN_BINDS: '["unix:/a","[::1]:80"]' };
    const sockets = { source: 'GUNICORN_FD', descriptors: [3, 4], binds: ['unix:/a', '[::1]:80'] };
    assert.deepEqual(readInheritance(environment, 7), { ok: true, sockets, warning: null });
  });

  test('accepts the sockets of admin_bind from an older arbiter only', () => {
    const environment = { TUNICORN_ADMIN_FD: '5', TUNICORN_ADMIN_BINDS: '["127.0.0.1:9100"]' };
    const sockets = { source: 'TUNICORN_ADMIN_FD', descriptors: [5], binds: ['127.0.0.1:9100'] };
    assert.deepEqual(readAdminInheritance({ ...environment, GUNICORN_PID: '5' }), { ok: true, sockets, warning: null });
    assert.deepEqual(readAdminInheritance(environment), { ok: true, sockets: null, warning: null });
    assert.deepEqual(readAdminInheritance({ GUNICORN_PID: '5', TUNICORN_ADMIN_FD: '' }), {
      ok: true,
      sockets: null,
      warning: null,
    });
    assert.equal(readAdminInheritance({ GUNICORN_PID: '5', TUNICORN_ADMIN_FD: 'x' }).ok, false);
  });

  for (const binds of [undefined, 'nonsense', '["one"]', '[1,2]', '{}']) {
    test(`does without bind addresses when they are ${binds}`, () => {
      const read = readInheritance({ GUNICORN_PID: '5', GUNICORN_FD: '3,4', TUNICORN_BINDS: binds }, 7);
      assert.ok(read.ok && read.sockets !== null && read.sockets.binds === null);
    });
  }

  test('ignores GUNICORN_FD without GUNICORN_PID', () => {
    assert.deepEqual(readInheritance({ GUNICORN_FD: '3' }, 7), { ok: true, sockets: null, warning: null });
  });

  test('refuses GUNICORN_FD that is not a list of descriptors', () => {
    assert.equal(readInheritance({ GUNICORN_PID: '5', GUNICORN_FD: '3;4' }, 7).ok, false);
  });
});

test('parentPid() accepts whole numbers above 0', () => {
  assert.deepEqual(
    ['12', '0', '-1', '1.5', 'x', '', undefined].map((pid) => parentPid({ GUNICORN_PID: pid })),
    [12, null, null, null, null, null, null],
  );
});

test('describeInherited() counts, and names the giver', () => {
  assert.equal(
    textOf(describeInherited({ source: 'LISTEN_FDS', descriptors: [3, 4], binds: null })),
    'The setting bind is ignored: systemd passed 2 listening sockets (LISTEN_FDS)',
  );
});
