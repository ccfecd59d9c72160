// The uses of resolved settings: --print-config, the gateway's part, and the numeric ids of user and group.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { formatConfig, listConfig } from '../../../src/cli/print-config.ts';
import { describeSettings } from '../../../src/settings/describe-settings.ts';
import { findAccounts, findInitGroup } from '../../../src/settings/for-processes/accounts.ts';
import { NO_LIMIT, toGatewaySettings } from '../../../src/settings/for-processes/gateway-settings.ts';
import { pythonRepr } from '../../../src/settings/kinds/python-repr.ts';
import type { Facts } from '../../../src/settings/layers.ts';
import { resolveSettings } from '../../../src/settings/resolve.ts';
import type { Settings } from '../../../src/settings/settings.ts';

const facts: Facts = { cwd: '/srv', userId: 7, groupId: 8, application: 'shop', isFolder: () => true };

function settingsWith(values: Record<string, unknown>): Settings {
  const file = { path: '/srv/gunicorn.conf.py', values };
  const resolution = resolveSettings(
    { environment: {}, framework: null, overrides: null, file, commandArgs: {}, commandLine: {} },
    facts,
  );
  assert.ok(resolution.ok, resolution.ok ? '' : resolution.errors.join('\n'));
  return resolution.settings;
}

describe('formatConfig()', () => {
  const lines = formatConfig(settingsWith({ umask: 0o22, raw_env: ["A=it's"], preload_app: true })).split('\n');

  test('has a line for each setting, sorted by name', () => {
    const names = lines.slice(0, -1).map((line) => line.slice(0, line.indexOf(' ')));
    assert.deepEqual(names, Object.keys(settingsWith({})).sort());
    assert.equal(lines.at(-1), '');
  });

  test('writes values as Python does', () => {
    const expected = [
      "bind                               = ['127.0.0.1:8000']",
      'pidfile                            = None',
      'preload_app                        = True',
      'print_config                       = False',
      'raw_env                            = ["A=it\'s"]',
      'umask                              = 18',
      'worker_class                       = sync',
      'errorlog                           = -',
      'permit_unconventional_http_version = False',
      "secure_scheme_headers              = {'X-FORWARDED-PROTOCOL': 'ssl', 'X-FORWARDED-PROTO': 'https', 'X-FORWARDED-SSL': 'on'}",
    ];
    for (const line of expected) assert.ok(lines.includes(line), line);
  });
});

test('a secret is in no list of the settings, and what may be one is not in the status', () => {
  const values = {
    admin_token: 'sesame',
    raw_env: ['PASSWORD=sesame'],
    logconfig_dict: { password: 'sesame' },
    workers: 3,
  };
  const file = { path: '/srv/gunicorn.conf.py', values };
  const sources = { environment: {}, framework: null, overrides: null, file, commandArgs: {}, commandLine: {} };
  const resolution = resolveSettings(sources, facts);
  assert.ok(resolution.ok);
  const { settings, origins } = resolution;
  const token = (text: string): string | undefined => /^ *admin_token[ :].*$/m.exec(text)?.[0];
  assert.match(token(formatConfig(settings)) ?? '', /= \(not shown\)$/);
  assert.match(token(listConfig(settings)) ?? '', /: \(not shown\)$/);
  const status = describeSettings(settings, origins);
  assert.doesNotMatch(JSON.stringify(status), /sesame/);
  assert.deepEqual(status.workers, { value: '3', origin: 'in gunicorn.conf.py' });
  assert.deepEqual(describeSettings(settingsWith({}), origins).admin_token?.value, 'None');
});

describe('formatConfig() with functions, classes and origins', () => {
  const callable = (name: string) => ({ $callable: `__config__.${name}`, name, takes: null });
  const values = {
    post_fork: callable('post_fork'),
    logger_class: callable('Shop.Logger'),
    pre_fork: 'hooks.pre_fork',
  };

  test('shows a function or a class by its name, an import path as it is, and None for a hook that is not set', () => {
    const lines = formatConfig(settingsWith(values)).split('\n');
    const expected = [
      'post_fork                          = <post_fork()>',
      'logger_class                       = <Shop.Logger()>',
      'pre_fork                           = hooks.pre_fork',
      'on_exit                            = None',
    ];
    for (const line of expected) assert.ok(lines.includes(line), line);
  });

  test('has the origin of each value', () => {
    const sources = {
      environment: { WEB_CONCURRENCY: '2' },
      framework: { source: 'shop.ini', values: { timeout: 9 } },
      file: { path: '/srv/gunicorn.conf.py', values },
      commandArgs: { keepalive: '3' },
      commandLine: { bind: [':1'] },
      overrides: null,
    };
    const resolution = resolveSettings(sources, facts);
    assert.ok(resolution.ok);
    const lines = formatConfig(resolution.settings, resolution.origins).split('\n');
    const expected = [
      'workers                            = 2  # in WEB_CONCURRENCY',
      'timeout                            = 9  # in shop.ini',
      'post_fork                          = <post_fork()>  # in gunicorn.conf.py',
      'keepalive                          = 3  # in GUNICORN_CMD_ARGS',
      "bind                               = [':1']  # on the command line",
      'backlog                            = 2048  # by default',
    ];
    for (const line of expected) assert.ok(lines.includes(line), line);
  });
});

describe('pythonRepr()', () => {
  const cases: readonly (readonly [value: unknown, repr: string])[] = [
    ["it's", `"it's"`],
    [`it's "x"`, `'it\\'s "x"'`],
    ['say "x"', `'say "x"'`],
    ['a\\b\n\t\r', String.raw`'a\\b\n\t\r'`],
    ['\0\x1b\x7f\u00a0\u00ad', String.raw`'\x00\x1b\x7f\xa0\xad'`],
    ['é 日 😀', "'é 日 😀'"],
    ['\u200b\u{e0001}\ud800', String.raw`'\u200b\U000e0001\ud800'`],
    [[1, [true, null], { a: 'b' }], "[1, [True, None], {'a': 'b'}]"],
    [{ $repr: "PosixPath('x')" }, "PosixPath('x')"],
    [[{ $callable: '__config__.hook', name: 'hook', takes: null }], '[__config__.hook]'],
    [{ $repr: 'x', more: 1 }, "{'$repr': 'x', 'more': 1}"],
    [{}, '{}'],
  ];
  for (const [value, repr] of cases) {
    test(`writes ${repr}`, () => assert.equal(pythonRepr(value), repr));
  }
});

describe('toGatewaySettings()', () => {
  const ids = { userId: 33, groupId: 34 };

  test('gives times in milliseconds and sizes in bytes', () => {
    const gateway = toGatewaySettings(settingsWith({ keepalive: 5, head_timeout: 0, write_timeout: 7 }), ids);
    assert.deepEqual([gateway.keepaliveMs, gateway.headTimeoutMs, gateway.writeTimeoutMs], [5000, 0, 7000]);
    assert.deepEqual([gateway.bodyTimeoutMs, gateway.gracefulTimeoutMs], [30_000, 30_000]);
    assert.deepEqual([gateway.requestBufferBytes, gateway.responseBufferBytes], [1_048_576, 262_144]);
  });

  test('gives fractions of seconds of the queue in milliseconds, and its order', () => {
    const gateway = toGatewaySettings(
      settingsWith({ queue_timeout: 1.5, queue_limit: 7, queue_order: 'adaptive' }),
      ids,
    );
    assert.deepEqual([gateway.queueTimeoutMs, gateway.queueLimit, gateway.queueOrder], [1500, 7, 'adaptive']);
  });

  test('limits nothing in the queue and in bodies by default, and connections and memory generously', () => {
    const { queueTimeoutMs, queueLimit, limitRequestBodyBytes, ...rest } = toGatewaySettings(settingsWith({}), ids);
    assert.deepEqual([queueTimeoutMs, queueLimit, limitRequestBodyBytes], [0, 0, 0]);
    assert.deepEqual([rest.connectionLimit, rest.memoryLimitBytes, rest.bodyMinRateBytes], [10_000, 134_217_728, 500]);
  });

  test("keeps Gunicorn's ceilings for limits", () => {
    const limits = (values: Record<string, unknown>): number[] => {
      const gateway = toGatewaySettings(settingsWith(values), ids);
      return [gateway.limitRequestLineBytes, gateway.limitRequestFields, gateway.limitRequestFieldSizeBytes];
    };
    assert.deepEqual(limits({}), [4094, 100, 8190]);
    const zero = { limit_request_line: 0, limit_request_fields: 0, limit_request_field_size: 0 };
    assert.deepEqual(limits(zero), [NO_LIMIT, 32768, 8190]);
    const large = { limit_request_line: 99999, limit_request_fields: 99999, limit_request_field_size: 99999 };
    assert.deepEqual(limits(large), [8190, 32768, 99999]);
  });

  test('gives names of header fields in upper case', () => {
    const values = { forwarder_headers: 'script_name', secure_scheme_headers: { 'X-Forwarded-Proto': 'Https' } };
    const gateway = toGatewaySettings(settingsWith(values), ids);
    assert.deepEqual(gateway.forwarderHeaders, ['SCRIPT_NAME']);
    assert.deepEqual(gateway.secureSchemeHeaders, { 'X-FORWARDED-PROTO': 'Https' });
  });

  test('takes the ids that were looked up, and a name from proc_name or the application', () => {
    const gateway = toGatewaySettings(settingsWith({ user: 'www-data' }), ids);
    assert.deepEqual([gateway.userId, gateway.groupId, gateway.procName], [33, 34, 'shop']);
    assert.equal(toGatewaySettings(settingsWith({ proc_name: 'store' }), ids).procName, 'store');
  });

  test('finds the log files from chdir; - is not a file', () => {
    const logsOf = (values: Record<string, unknown>): unknown[] => {
      const { accessLog, errorLog } = toGatewaySettings(settingsWith({ chdir: 'shop', ...values }), ids);
      return [accessLog, errorLog];
    };
    assert.deepEqual(logsOf({ accesslog: 'a.log', errorlog: '../e.log' }), ['/srv/shop/a.log', '/srv/e.log']);
    assert.deepEqual(logsOf({ accesslog: '/var/a.log', errorlog: null }), ['/var/a.log', '/dev/null']);
    assert.deepEqual(logsOf({ accesslog: '-' }), ['-', '-']);
    assert.deepEqual(logsOf({}), [null, '-']);
  });

  test('survives JSON', () => {
    const gateway = toGatewaySettings(settingsWith({}), ids);
    assert.deepEqual(JSON.parse(JSON.stringify(gateway)), gateway);
  });
});

const known = {
  users: {
    'www-data': { id: 33, group_id: 34 },
    '33': { id: 33, group_id: 34 },
    '77': { id: 77, group_id: null },
    www: null,
  },
  groups: { staff: 50, x: null },
};

describe('findAccounts()', () => {
  test('finds names, and passes numbers through', () => {
    const found = { ok: true, ids: { userId: 33, groupId: 50 } };
    assert.deepEqual(findAccounts({ user: 'www-data', group: 'staff' }, known), found);
    assert.deepEqual(findAccounts({ user: 33, group: 50 }, { users: {}, groups: {} }), found);
  });

  test('names unknown settings', () => {
    const errors = ["No such user: 'www'", "No such group: 'x'"];
    assert.deepEqual(findAccounts({ user: 'www', group: 'x' }, known), { ok: false, errors });
    const prototype = findAccounts({ user: 'constructor', group: 0 }, known);
    assert.deepEqual(prototype, { ok: false, errors: ["No such user: 'constructor'"] });
  });
});

describe('findInitGroup()', () => {
  const group = (user: string | number, ids: { userId: number; groupId: number }, initgroups = true): number | null =>
    findInitGroup({ initgroups, user }, ids, known);

  test('is the setting group, or else the main group of the user', () => {
    assert.equal(group('www-data', { userId: 33, groupId: 50 }), 50);
    assert.equal(group('www-data', { userId: 33, groupId: 0 }), 34);
    assert.equal(group(33, { userId: 33, groupId: 0 }), 34);
  });

  test('is null for root, for a user without an entry, and where it is not asked for', () => {
    assert.equal(group(0, { userId: 0, groupId: 50 }), null);
    assert.equal(group(77, { userId: 77, groupId: 0 }), null);
    assert.equal(group('www-data', { userId: 33, groupId: 50 }, false), null);
  });
});
