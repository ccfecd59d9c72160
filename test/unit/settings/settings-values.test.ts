// The values that each kind of setting accepts, from the config file and from flags, and the errors.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { WORKER_CLASS_NAMES } from '../../../src/settings/for-processes/worker-classes.ts';
import type { PythonCallable } from '../../../src/settings/kinds/python-callable.ts';
import type { Facts, FlagValues } from '../../../src/settings/layers.ts';
import { type Resolution, resolveSettings } from '../../../src/settings/resolve.ts';
import { SETTINGS, type SettingName, type Settings } from '../../../src/settings/settings.ts';

const facts: Facts = {
  cwd: '/srv/shop',
  userId: 1000,
  groupId: 1001,
  application: 'shop:app',
  isFolder: (path) => ['/srv/shop', '/srv/shop/web', '/srv/shop/web/spool', '/dev/shm'].includes(path),
};

function fromFile(values: Record<string, unknown>): Resolution {
  const file = { path: '/srv/shop/gunicorn.conf.py', values };
  return resolveSettings(
    { environment: {}, framework: null, overrides: null, file, commandArgs: {}, commandLine: {} },
    facts,
  );
}

function fromFlags(commandLine: FlagValues): Resolution {
  return resolveSettings(
    { environment: {}, framework: null, overrides: null, file: null, commandArgs: {}, commandLine },
    facts,
  );
}

function settingsOf(resolution: Resolution): Settings {
  assert.ok(resolution.ok, resolution.ok ? '' : resolution.errors.join('\n'));
  return resolution.settings;
}

function errorsOf(resolution: Resolution): readonly string[] {
  assert.ok(!resolution.ok, 'the value was accepted');
  return resolution.errors;
}

function callable(name: string, least: number, most: number | null): PythonCallable {
  return { $callable: name, name, takes: { least, most } };
}

const goodInFile: readonly (readonly [name: SettingName, given: unknown, value: unknown])[] = [
  ['workers', 4, 4],
  ['workers', 0, 0],
  ['workers', '12', 12],
  ['workers', ' 12 ', 12],
  ['workers', '0x10', 16],
  ['workers', '0o17', 15],
  ['workers', '1_000', 1000],
  ['workers', true, 1],
  ['timeout', false, 0],
  ['gateways', 1, 1],
  ['threads', 1, 1],
  ['umask', 0o22, 18],
  ['umask', '0o22', 18],
  ['umask', '0x12', 18],
  ['umask', '0', 0],
  ['preload_app', true, true],
  ['preload_app', 'True', true],
  ['preload_app', ' false ', false],
  ['preload_app', null, false],
  ['proc_name', ' shop ', 'shop'],
  ['proc_name', null, null],
  ['pidfile', '', null],
  ['errorlog', null, '/dev/null'],
  ['errorlog', 'error.log', 'error.log'],
  ['access_log_format', '%(h)s %({x}i)s 100%%', '%(h)s %({x}i)s 100%%'],
  ['loglevel', 'DEBUG', 'debug'],
  ['header_map', ' Refuse', 'refuse'],
  ['worker_class', 'sync', 'sync'],
  ['worker_class', 'gunicorn.workers.sync.SyncWorker', 'gunicorn.workers.sync.SyncWorker'],
  ['worker_class', 'egg:gunicorn#sync', 'egg:gunicorn#sync'],
  ['bind', 'unix:/run/a.sock', ['unix:/run/a.sock']],
  ['static_path_mount', 'web', ['/srv/shop/web']],
  ['static_path_mount', ['/dev/shm/'], ['/dev/shm']],
  ['static_path_dir_to_file', 'index.html', 'index.html'],
  ['x_sendfile', '/protected=web', ['/protected=/srv/shop/web']],
  ['static_path_dir_to_file', '', null],
  ['bind', [' :80 ', '[::1]:81'], [':80', '[::1]:81']],
  ['admin_bind', '127.0.0.1:9100', ['127.0.0.1:9100']],
  ['admin_bind', [':9100', '[::1]:9100', 'unix:/run/admin.sock'], [':9100', '[::1]:9100', 'unix:/run/admin.sock']],
  ['admin_bind', null, []],
  ['admin_token', '', null],
  ['ready_queue_limit', '20', 20],
  ['raw_env', 'A=1', ['A=1']],
  ['raw_env', ['A=', 'B=x=y'], ['A=', 'B=x=y']],
  ['raw_env', '', []],
  ['raw_env', null, []],
  ['forwarder_headers', 'X_A, X_B', ['X_A', 'X_B']],
  ['forwarder_headers', ['X_A'], ['X_A']],
  ['forwarded_allow_ips', '*', ['*']],
  ['forwarded_allow_ips', '10.0.0.0/8, ::1 ,fe80::/10', ['10.0.0.0/8', '::1', 'fe80::/10']],
  ['forwarded_allow_ips', '10.0.0.0/255.0.0.0', ['10.0.0.0/255.0.0.0']],
  ['forwarded_allow_ips', '', []],
  ['proxy_allow_ips', '10.0.0.0/8,::1', ['10.0.0.0/8', '::1']],
  ['proxy_protocol', 'off', 'off'],
  ['proxy_protocol', 'V1', 'v1'],
  ['proxy_protocol', ' v2 ', 'v2'],
  ['proxy_protocol', 'auto', 'auto'],
  ['proxy_protocol', true, 'auto'],
  ['proxy_protocol', false, 'off'],
  ['proxy_protocol', null, 'off'],
  ['proxy_protocol', 'True', 'auto'],
  ['proxy_protocol', 'false', 'off'],
  ['proxy_protocol', '1', 'auto'],
  ['proxy_protocol', '0', 'off'],
  ['proxy_protocol', 'None', 'off'],
  ['queue_timeout', 2, 2],
  ['queue_timeout', 0.25, 0.25],
  ['queue_timeout', ' 2 ', 2],
  ['shutdown_delay', 0, 0],
  ['queue_order', 'LIFO', 'lifo'],
  ['secure_scheme_headers', { 'X-Tls': 'yes' }, { 'X-Tls': 'yes' }],
  ['secure_scheme_headers', {}, {}],
  ['user', 33, 33],
  ['user', '33', 33],
  ['user', 'www-data', 'www-data'],
  ['user', null, 1000],
  ['group', null, 1001],
  ['chdir', 'web', '/srv/shop/web'],
  ['chdir', '/srv/shop/web/', '/srv/shop/web'],
  ['worker_tmp_dir', '/dev/shm', '/dev/shm'],
  ['worker_tmp_dir', '', null],
  ['worker_tmp_dir', 'missing', '/srv/shop/missing'],
  ['queue_timeout', '1.5', 1.5],
  ['queue_timeout', ' 2 ', 2],
  ['shutdown_delay', '0.25', 0.25],
  ['worker_class', 'SYNC', 'SYNC'],
  ['post_fork', callable('hook', 2, 2), callable('hook', 2, 2)],
  ['post_fork', callable('hook', 1, 3), callable('hook', 1, 3)],
  ['post_fork', callable('hook', 0, null), callable('hook', 0, null)],
  ['post_fork', { ...callable('hook', 0, 0), takes: null }, { ...callable('hook', 0, 0), takes: null }],
  ['post_fork', ' my.hooks.post_fork ', 'my.hooks.post_fork'],
  ['post_fork', null, null],
  ['post_request', callable('hook', 2, 2), callable('hook', 2, 2)],
  ['post_request', callable('hook', 4, 4), callable('hook', 4, 4)],
  ['logger_class', 'my.Logger', 'my.Logger'],
  ['logconfig_dict', { version: 1, '()': { $repr: 'x' } }, { version: 1, '()': { $repr: 'x' } }],
  ['sendfile', null, null],
  ['sendfile', 'False', false],
  ['root_path', null, ''],
  ['root_path', ' /shop ', '/shop'],
  ['http_protocols', 'H2, h1', ['h2', 'h1']],
  ['http_protocols', ['h1'], ['h1']],
  ['http2_cleartext', true, 'prior-knowledge'],
  ['protocol', 'other', 'http'],
  ['control_socket_mode', '0o660', 0o660],
  ['ssl_version', 'TLSv1_2', 'TLSv1_2'],
  ['ssl_version', 5, 5],
  ['cert_reqs', '0x0', 0],
  ['syslog_addr', 'unix:///dev/log#dgram', 'unix:///dev/log#dgram'],
  ['syslog_addr', 'tcp://[::1]:601', 'tcp://[::1]:601'],
  ['syslog_addr', 'udp://loghost', 'udp://loghost'],
  ['syslog_facility', 'LOCAL3', 'local3'],
  ['statsd_host', 'localhost:8125', 'localhost:8125'],
  ['statsd_host', 'unix:///run/statsd.sock', 'unix:///run/statsd.sock'],
  ['statsd_host', '', null],
];

describe('a value in the config file', () => {
  for (const [name, given, value] of goodInFile) {
    test(`${name} = ${JSON.stringify(given)} means ${JSON.stringify(value)}`, () => {
      assert.deepEqual(settingsOf(fromFile({ [name]: given }))[name], value);
    });
  }
});

const WHOLE = 'a whole number, 0 or more';
const OWN_ADDRESSES = 'HOST:PORT, :PORT, [IPV6]:PORT or unix:PATH, or a list of such';
const ADDRESSES = 'HOST, HOST:PORT, [IPV6]:PORT, unix:PATH or fd://N, or a list of such';
const NETWORKS = "'*', or IP addresses and networks such as 10.0.0.0/8, separated by commas";
const LOG_FORMAT = "%(NAME)s for each value, as in '%(h)s' or '%({x-request-id}i)s', and %% for a percent sign";
const SECONDS = 'seconds, such as 1.5';
const UMASK = 'a whole number, such as 0o22, at most 0o777';

const POST_FORK = 'a function that takes (server, worker), or its import path';
const POST_REQUEST = 'a function that takes 2 to 4 of (worker, req, environ, resp), or its import path';
const PROTOCOLS = 'one or more of h1, h2, h3, each once, separated by commas';
const SYSLOG = 'unix://PATH, udp://HOST:PORT or tcp://HOST:PORT';
const CLASSES = WORKER_CLASS_NAMES.join(', ');

const ROUTES = 'a path such as /static, or a list of such';
const UNPAIRED = 'Each route of static files needs one folder, and each folder one route:';

const badInFile: readonly (readonly [name: SettingName, given: unknown, shown: string, wanted: string])[] = [
  ['workers', 'many', "'many'", WHOLE],
  ['workers', -1, '-1', WHOLE],
  ['workers', 1.5, '1.5', WHOLE],
  ['workers', null, 'None', WHOLE],
  ['workers', '', "''", WHOLE],
  ['workers', '010', "'010'", WHOLE],
  ['workers', 1e300, '1e+300', WHOLE],
  ['timeout', [30], '[30]', WHOLE],
  ['timeout', { $repr: 'inf' }, 'inf', WHOLE],
  ['gateways', 0, '0', 'a whole number, 1 or more'],
  ['threads', -1, '-1', WHOLE],
  [
    'worker_class',
    callable('my.Worker', 0, 7),
    'my.Worker',
    `${CLASSES}, or a class that derives from one of Gunicorn's, such as gunicorn.workers.sync.SyncWorker`,
  ],
  [
    'worker_class',
    'my.Worker',
    "'my.Worker'",
    `${CLASSES}, or a class that derives from one of Gunicorn's, such as gunicorn.workers.sync.SyncWorker`,
  ],
  ['worker_class', 'constructor', "'constructor'", `${CLASSES}; there is no such class`],
  ['worker_class', null, 'None', 'a class, or its import path'],
  ['post_fork', callable('hooks.post_fork', 1, 1), 'hooks.post_fork', POST_FORK],
  ['post_fork', callable('hooks.post_fork', 3, 3), 'hooks.post_fork', POST_FORK],
  ['post_fork', 'post_fork', "'post_fork'", POST_FORK],
  ['post_fork', '', "''", POST_FORK],
  ['post_fork', 5, '5', POST_FORK],
  ['post_request', callable('after', 5, 5), 'after', POST_REQUEST],
  ['post_request', callable('after', 1, 1), 'after', POST_REQUEST],
  ['logger_class', 7, '7', 'a class, or its import path'],
  ['logconfig_dict', 'x', "'x'", 'a dict'],
  ['logconfig_dict', callable('hooks.post_fork', 1, 1), 'hooks.post_fork', 'a dict'],
  ['logconfig_dict', { $repr: '<object>' }, '<object>', 'a dict'],
  ['sendfile', 'perhaps', "'perhaps'", 'True, False or None'],
  ['root_path', 5, '5', 'a string'],
  ['http_protocols', 'h1,h4', "'h4'", PROTOCOLS],
  ['http_protocols', 'h1,h1', "'h1,h1'", PROTOCOLS],
  ['http_protocols', '', "''", PROTOCOLS],
  ['http2_cleartext', 'maybe', "'maybe'", 'off, prior-knowledge, upgrade, both'],
  ['http2_max_frame_size', 100, '100', 'a whole number, 16384 to 16777215'],
  ['syslog_addr', 'localhost:514', "'localhost:514'", SYSLOG],
  ['syslog_addr', 'udp://', "'udp://'", SYSLOG],
  ['syslog_addr', 'udp://h:99999', "'udp://h:99999'", SYSLOG],
  ['statsd_host', 'localhost:stats', "'localhost:stats'", 'HOST:PORT or unix://PATH'],
  ['statsd_host', 'unix://', "'unix://'", 'HOST:PORT or unix://PATH'],
  ['raw_paste_global_conf', ['a'], "'a'", 'KEY=VALUE, or a list of such'],
  ['umask', '0022', "'0022'", UMASK],
  ['umask', 0o1000, '512', UMASK],
  ['preload_app', 'perhaps', "'perhaps'", 'True or False'],
  ['preload_app', 1, '1', 'True or False'],
  ['pidfile', { $repr: "PosixPath('/x')" }, "PosixPath('/x')", 'a string, or None'],
  ['accesslog', 5, '5', 'a string, or None'],
  ['errorlog', '', "''", "a file, or '-' for standard error"],
  ['access_log_format', '%(h)s %s', "'%(h)s %s'", LOG_FORMAT],
  ['access_log_format', '', "''", LOG_FORMAT],
  ['loglevel', 10, '10', 'debug, info, warning, error, critical'],
  ['header_map', 'keep', "'keep'", 'drop, refuse, dangerous'],
  ['bind', 8000, '8000', ADDRESSES],
  ['admin_bind', '127.0.0.1', "'127.0.0.1'", OWN_ADDRESSES],
  ['admin_bind', 'fd://3', "'fd://3'", OWN_ADDRESSES],
  ['admin_bind', ['unix:'], "'unix:'", OWN_ADDRESSES],
  ['ready_queue_limit', -1, '-1', WHOLE],
  ['bind', [], '[]', ADDRESSES],
  ['bind', '::1', "'::1'", ADDRESSES],
  ['bind', ['127.0.0.1:80', 'localhost:http'], "'localhost:http'", ADDRESSES],
  ['raw_env', ['A=1', 'STAGE'], "'STAGE'", 'NAME=VALUE, or a list of such'],
  ['raw_env', '=1', "'=1'", 'NAME=VALUE, or a list of such'],
  ['raw_env', { A: '1' }, "{'A': '1'}", 'NAME=VALUE, or a list of such'],
  ['forwarded_allow_ips', '1.2.3.4/8', "'1.2.3.4/8'", NETWORKS],
  ['forwarded_allow_ips', '127.0.0.1,localhost', "'localhost'", NETWORKS],
  ['forwarded_allow_ips', '10.0.0.0/33', "'10.0.0.0/33'", NETWORKS],
  ['proxy_protocol', 'v3', "'v3'", 'off, v1, v2, auto'],
  ['proxy_protocol', 1, '1', 'off, v1, v2, auto'],
  ['proxy_protocol', '', "''", 'off, v1, v2, auto'],
  ['queue_timeout', -1, '-1', SECONDS],
  ['queue_timeout', '', "''", SECONDS],
  ['queue_timeout', '2s', "'2s'", SECONDS],
  ['queue_timeout', '-0.5', "'-0.5'", SECONDS],
  ['queue_timeout', '1e3', "'1e3'", SECONDS],
  ['shutdown_delay', null, 'None', SECONDS],
  ['shutdown_delay', { $repr: 'inf' }, 'inf', SECONDS],
  ['queue_order', 'random', "'random'", 'fifo, lifo, adaptive'],
  ['gateway_connections', 1.5, '1.5', WHOLE],
  ['header_map', true, 'True', 'drop, refuse, dangerous'],
  ['secure_scheme_headers', { A: true }, 'True', 'a dict of strings'],
  ['secure_scheme_headers', 'A', "'A'", 'a dict of strings'],
  ['user', -1, '-1', 'the name or the number of a user'],
  ['group', '', "''", 'the name or the number of a group'],
  ['chdir', '../other', "'../other'", 'a folder that exists'],
  ['tmp_upload_dir', '/nowhere', "'/nowhere'", 'a folder that exists'],
  ['static_path_mount', ['web', 'nowhere'], "'nowhere'", 'a folder that exists'],
  ['static_path_mount', [7], '7', 'a folder that exists, or a list of such'],
  ['static_path_route', 'static', "'static'", ROUTES],
  ['static_path_route', ['/a', '/a/../b'], "'/a/../b'", ROUTES],
  ['static_path_route', '//a', "'//a'", ROUTES],
  ['static_path_route', '/a?b', "'/a?b'", ROUTES],
  ['static_path_dir_to_file', '../a', "'../a'", 'a file name such as index.html, or None'],
  ['static_path_expires', -1, '-1', WHOLE],
  ['x_sendfile', ['/a=web', '/a=nowhere'], "'/a=nowhere'", 'a folder that exists'],
  ['x_sendfile', 'web', "'web'", 'PREFIX=FOLDER such as /protected=/srv/protected, or a list of such'],
];

const MOUNTS: readonly (readonly [values: Record<string, unknown>, error: string | null])[] = [
  [{ static_path_mount: 'web' }, null],
  [{ static_path_mount: ['web', 'web/spool'], static_path_route: ['/a', '/a/b'] }, null],
  [{ static_path_mount: ['web', 'web/spool'] }, `${UNPAIRED} static_path_route has 1, static_path_mount has 2`],
  [{ static_path_route: '/a' }, `${UNPAIRED} static_path_route has 1, static_path_mount has 0`],
  [
    { static_path_mount: ['web', 'web'], static_path_route: ['/a', '/a/'] },
    'static_path_route names /a/ twice: a path can lead to one folder only',
  ],
];

for (const [values, error] of MOUNTS) {
  test(`the mounts ${JSON.stringify(values)} are ${error === null ? 'paired' : 'refused'}`, () => {
    const resolution = fromFile(values);
    assert.deepEqual(resolution.ok ? null : resolution.errors, error === null ? null : [error]);
  });
}

describe('a wrong value in the config file', () => {
  for (const [name, given, shown, wanted] of badInFile) {
    test(`${name} = ${JSON.stringify(given)} is refused by name, value and wanted form`, () => {
      const expected = `Invalid value for ${name} in gunicorn.conf.py: ${shown} (wanted: ${wanted})`;
      assert.deepEqual(errorsOf(fromFile({ [name]: given })), [expected]);
    });
  }

  test('every wrong value is named, not only the first', () => {
    const errors = errorsOf(fromFile({ workers: 'a', timeout: 'b' }));
    assert.deepEqual(
      errors.map((error) => error.slice(0, 'Invalid value for xxxxxxx'.length)),
      ['Invalid value for workers', 'Invalid value for timeout'],
    );
  });

  test('None is refused with one error where the setting has no None', () => {
    assert.equal(errorsOf(fromFile({ loglevel: null })).length, 1);
  });
});

describe('a value on the command line', () => {
  const good: readonly (readonly [name: SettingName, given: string | string[] | boolean, value: unknown])[] = [
    ['workers', '4', 4],
    ['workers', '010', 10],
    ['workers', '+3', 3],
    ['umask', '0022', 18],
    ['umask', '022', 18],
    ['umask', '22', 22],
    ['umask', '0o22', 18],
    ['umask', '0x12', 18],
    ['umask', '0', 0],
    ['preload_app', true, true],
    ['bind', [':1', 'unix:a.sock'], [':1', 'unix:a.sock']],
    ['raw_env', ['A=1'], ['A=1']],
    ['user', '33', 33],
    ['accesslog', '-', '-'],
    ['forwarder_headers', 'A,B', ['A', 'B']],
    ['proxy_protocol', 'V2', 'v2'],
    ['proxy_protocol', '1', 'auto'],
    ['queue_timeout', '2.5', 2.5],
    ['shutdown_delay', '10', 10],
    ['body_min_rate', '0', 0],
  ];
  for (const [name, given, value] of good) {
    test(`${name} ${JSON.stringify(given)} means ${JSON.stringify(value)}`, () => {
      assert.deepEqual(settingsOf(fromFlags({ [name]: given }))[name], value);
    });
  }

  const bad: readonly (readonly [name: SettingName, given: string | string[], shown: string, wanted: string])[] = [
    ['workers', '0x10', "'0x10'", WHOLE],
    ['workers', 'many', "'many'", WHOLE],
    ['timeout', '-3', "'-3'", WHOLE],
    ['umask', '099', "'099'", UMASK],
    ['umask', '01000', "'01000'", UMASK],
    ['raw_env', ['A=1', 'STAGE'], "'STAGE'", 'NAME=VALUE, or a list of such'],
    ['proxy_protocol', 'app:app', "'app:app'", 'off, v1, v2, auto'],
    ['queue_timeout', '.5', "'.5'", SECONDS],
    ['shutdown_delay', 'Infinity', "'Infinity'", SECONDS],
    ['chdir', 'nowhere', "'nowhere'", 'a folder that exists'],
  ];
  for (const [name, given, shown, wanted] of bad) {
    test(`${name} ${JSON.stringify(given)} is refused by name, value and wanted form`, () => {
      const expected = `Invalid value for ${name} on the command line: ${shown} (wanted: ${wanted})`;
      assert.deepEqual(errorsOf(fromFlags({ [name]: given })), [expected]);
    });
  }
});

describe('a folder', () => {
  test('is relative to chdir, and chdir to the directory of the start', () => {
    const settings = settingsOf(fromFile({ chdir: 'web', tmp_upload_dir: 'spool' }));
    assert.deepEqual([settings.chdir, settings.tmp_upload_dir], ['/srv/shop/web', '/srv/shop/web/spool']);
  });

  test('chdir is the directory of the start by default', () => {
    assert.equal(settingsOf(fromFlags({})).chdir, '/srv/shop');
  });
});

test('any input for a setting gives a value, or a one-line error that names the setting', () => {
  const odd: unknown[] = [
    null,
    true,
    false,
    0,
    -0,
    -1,
    1.5,
    1e308,
    2 ** 53,
    '',
    ' ',
    '\0',
    '\n',
    '*',
    ',',
    ':',
    '::',
    '=',
    '%',
    '%(',
    '\ud800',
  ];
  odd.push(
    [],
    [[]],
    [null],
    [''],
    [1],
    {},
    { a: null },
    { $repr: 5 },
    { $callable: 5 },
    { $repr: 'x' },
    '__proto__',
    'toString',
  );
  odd.push(
    callable('x', 0, 0),
    [callable('x', 0, 0)],
    'x'.repeat(100_000),
    'unix:',
    'fd://',
    'udp://',
    '9'.repeat(400),
    '0x',
    JSON.parse('{"__proto__": 1}'),
  );
  for (const [name] of SETTINGS) {
    for (const given of odd) {
      const resolution = fromFile({ [name]: given });
      if (resolution.ok) continue;
      assert.ok(
        resolution.errors.length === 1 && resolution.errors[0]?.includes(name),
        `${name}: ${resolution.errors.join()}`,
      );
      assert.doesNotMatch(resolution.errors[0] ?? '', /\n|^.{700}/);
    }
    for (const given of odd.filter((value) => typeof value === 'string')) fromFlags({ [name]: given });
  }
});
