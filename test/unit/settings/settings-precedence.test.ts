// The precedence of the sources of a setting, its origin, and warnings.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { textOf } from '../../../src/log/message.ts';
import type { Facts, Sources } from '../../../src/settings/layers.ts';
import { describeOrigin } from '../../../src/settings/origin.ts';
import { configLocation, resolveSettings } from '../../../src/settings/resolve.ts';
import { SETTINGS } from '../../../src/settings/settings.ts';

const facts: Facts = { cwd: '/srv', userId: 7, groupId: 8, application: null, isFolder: () => true };

function resolve(sources: Partial<Sources>) {
  const all = {
    environment: {},
    framework: null,
    overrides: null,
    file: null,
    commandArgs: {},
    commandLine: {},
    ...sources,
  };
  const resolution = resolveSettings(all, facts);
  assert.ok(resolution.ok, resolution.ok ? '' : resolution.errors.join('\n'));
  return { ...resolution, warnings: resolution.warnings.map(textOf) };
}

function errorsOf(sources: Partial<Sources>): readonly string[] {
  const all = { environment: {}, framework: null, overrides: null, file: null, commandArgs: {}, commandLine: {} };
  const resolution = resolveSettings({ ...all, ...sources }, facts);
  return resolution.ok ? [] : resolution.errors;
}

function fileWith(values: Record<string, unknown>, path = '/srv/gunicorn.conf.py'): Pick<Sources, 'file'> {
  return { file: { path, values } };
}

describe('precedence', () => {
  const layers: Sources = {
    environment: { WEB_CONCURRENCY: '2' },
    framework: { source: 'shop.ini', values: { workers: 9 } },
    overrides: { source: 'the embedding program', values: { workers: 6 } },
    ...fileWith({ workers: 3 }),
    commandArgs: { workers: '4' },
    commandLine: { workers: '5' },
  };

  test('the command line overrides GUNICORN_CMD_ARGS, which overrides the file, which overrides a framework', () => {
    const seen = [
      resolve(layers),
      resolve({ ...layers, overrides: null }),
      resolve({ ...layers, overrides: null, commandLine: {} }),
      resolve({ ...layers, overrides: null, commandLine: {}, commandArgs: {} }),
      resolve({ ...layers, overrides: null, commandLine: {}, commandArgs: {}, file: null }),
      resolve({ ...layers, overrides: null, commandLine: {}, commandArgs: {}, file: null, framework: null }),
      resolve({}),
    ].map(({ settings, origins }) => [settings.workers, describeOrigin(origins.workers)]);
    assert.deepEqual(seen, [
      [6, 'in the embedding program'],
      [5, 'on the command line'],
      [4, 'in GUNICORN_CMD_ARGS'],
      [3, 'in gunicorn.conf.py'],
      [9, 'in shop.ini'],
      [2, 'in WEB_CONCURRENCY'],
      [1, 'by default'],
    ]);
  });

  test('a higher source replaces a list as a whole', () => {
    const { settings } = resolve({
      ...fileWith({ bind: [':1', ':2'], raw_env: ['A=1'] }),
      commandArgs: { raw_env: ['B=1', 'C=1'] },
      commandLine: { bind: [':3'] },
    });
    assert.deepEqual([settings.bind, settings.raw_env], [[':3'], ['B=1', 'C=1']]);
  });

  test('a wrong value is refused even where a higher source overrides it', () => {
    const sources: Sources = { ...layers, ...fileWith({ workers: 'many' }) };
    const resolution = resolveSettings(sources, facts);
    assert.equal(resolution.ok, false);
  });

  test('the error about a wrong value from an embedding program names the program', () => {
    const framework = { source: 'the embedding program', values: { workers: 'many' } };
    const resolution = resolveSettings({ ...layers, framework }, facts);
    assert.deepEqual(resolution, {
      ok: false,
      errors: ["Invalid value for workers in the embedding program: 'many' (wanted: a whole number, 0 or more)"],
    });
  });

  test('a default from the environment is not looked at where another source has a value', () => {
    const { settings } = resolve({ environment: { WEB_CONCURRENCY: 'x' }, commandLine: { workers: '5' } });
    assert.equal(settings.workers, 5);
  });
});

describe('a default from the environment', () => {
  test('PORT binds to every IPv4 address', () => {
    const { settings, origins } = resolve({ environment: { PORT: '4321' } });
    assert.deepEqual(settings.bind, ['0.0.0.0:4321']);
    assert.deepEqual(origins.bind, { from: 'environment', variable: 'PORT' });
  });

  test('an empty WEB_CONCURRENCY or PORT is the same as none', () => {
    const { settings } = resolve({ environment: { PORT: '', WEB_CONCURRENCY: '' } });
    assert.deepEqual([settings.bind, settings.workers], [['127.0.0.1:8000'], 1]);
  });

  test('an empty FORWARDED_ALLOW_IPS trusts no proxy', () => {
    assert.deepEqual(resolve({ environment: { FORWARDED_ALLOW_IPS: '' } }).settings.forwarded_allow_ips, []);
    assert.deepEqual(resolve({ environment: { FORWARDED_ALLOW_IPS: '10.0.0.1' } }).settings.forwarded_allow_ips, [
      '10.0.0.1',
    ]);
    assert.deepEqual(resolve({}).settings.forwarded_allow_ips, ['127.0.0.1', '::1']);
  });

  test('a wrong one is an error that names the variable', () => {
    const sources: Sources = {
      environment: { WEB_CONCURRENCY: 'auto' },
      framework: null,
      overrides: null,
      file: null,
      commandArgs: {},
      commandLine: {},
    };
    assert.deepEqual(resolveSettings(sources, facts), {
      ok: false,
      errors: ["Invalid value for workers in WEB_CONCURRENCY: 'auto' (wanted: a whole number, 0 or more)"],
    });
  });
});

describe('the config file', () => {
  test('a name that is nearly a setting is warned of', () => {
    const { warnings, settings } = resolve(fileWith({ wrokers: 9, timeout: 5 }));
    assert.deepEqual(warnings, ["'wrokers' in gunicorn.conf.py is not a setting; did you mean 'workers'?"]);
    assert.equal(settings.workers, 1);
  });

  test('any other name that Gunicorn does not know is ignored', () => {
    const { warnings, settings } = resolve(
      fileWith(JSON.parse('{"cores": 9, "WORKERS": 8, "toString": 1, "__proto__": 2}')),
    );
    assert.deepEqual([warnings, settings.workers], [[], 1]);
  });

  test('it cannot name another config file', () => {
    const { settings, origins } = resolve(fileWith({ config: 3 }));
    assert.deepEqual([settings.config, origins.config], ['./gunicorn.conf.py', { from: 'default' }]);
  });

  test('an unknown log level means info, with a warning', () => {
    const { settings, warnings } = resolve(fileWith({ loglevel: 'warn' }));
    assert.equal(settings.loglevel, 'info');
    assert.deepEqual(warnings, [
      "Unknown value for loglevel in gunicorn.conf.py: 'warn' (known: debug, info, warning, error, critical); using info",
    ]);
  });

  test('a file outside the current directory is named by its whole path', () => {
    const paths = ['/etc/shop.py', '/srv/deploy/live.py', 'python:deploy.live'];
    const shown = paths.map((path) => describeOrigin(resolve(fileWith({ workers: 3 }, path)).origins.workers));
    assert.deepEqual(shown, ['in /etc/shop.py', 'in deploy/live.py', 'in python:deploy.live']);
  });

  test("its location is the command line's, else that of GUNICORN_CMD_ARGS, else the default", () => {
    assert.equal(configLocation({ config: 'a.py' }, { config: 'b.py' }), 'b.py');
    assert.equal(configLocation({ config: 'a.py' }, {}), 'a.py');
    assert.equal(configLocation({ config: 'a.py' }, { config: '' }), 'a.py');
    assert.equal(configLocation({ config: '' }, { config: '' }), null);
    assert.equal(configLocation({}, {}), null);
  });
});

describe('a default from the process', () => {
  test('user and group are those of the process', () => {
    const { settings, origins } = resolve({});
    assert.deepEqual([settings.user, settings.group, origins.user], [7, 8, { from: 'default' }]);
  });

  test('the default process name is the application that the command line names', () => {
    const sources: Sources = {
      environment: {},
      framework: null,
      overrides: null,
      file: null,
      commandArgs: {},
      commandLine: {},
    };
    const named = resolveSettings(sources, { ...facts, application: 'shop:app' });
    assert.equal(named.ok && named.settings.default_proc_name, 'shop:app');
    assert.equal(resolve({}).settings.default_proc_name, 'tunicorn');
  });
});

describe('a setting whose capability there is not yet', () => {
  const hasNo = (name: string, where: string): string => {
    const pending = SETTINGS.find(([setting]) => setting === name)?.[1].pending;
    assert.ok(pending !== undefined, `${name} is not pending: take another one for this test`);
    return `Setting '${name}' ${where} has no effect yet: Tunicorn has no ${pending}`;
  };

  test('is warned of once, with the strongest source that sets it', () => {
    const asked = { dirty_timeout: 5, dirty_workers: 2 };
    const { warnings } = resolve({ ...fileWith(asked), commandLine: { dirty_timeout: '6' } });
    assert.deepEqual(warnings, [
      hasNo('dirty_workers', 'in gunicorn.conf.py'),
      hasNo('dirty_timeout', 'on the command line'),
    ]);
  });

  test('names the alternative, if it will never have an effect', () => {
    const { warnings } = resolve(fileWith({ ssl_version: 'TLSv1_2', http_parser: 'fast' }));
    assert.deepEqual(warnings, [
      "Setting 'http_parser' in gunicorn.conf.py has no effect. Tunicorn has its own parser, in Node.js. Remove the setting.",
      "Setting 'ssl_version' in gunicorn.conf.py has no effect. Gunicorn ignores it, too. Use ssl_context.",
    ]);
  });

  test('is not warned of where its value is the default', () => {
    assert.deepEqual(
      resolve(fileWith({ dirty_workers: 0, certfile: null, cert_reqs: '0', dirty_apps: [] })).warnings,
      [],
    );
  });

  test('is not warned of where the environment changes its default', () => {
    assert.deepEqual(resolve({ environment: { XDG_RUNTIME_DIR: '/run/me' } }).warnings, []);
  });

  test('is checked all the same', () => {
    assert.match(errorsOf(fileWith({ cert_reqs: 3 })).join(), /^Invalid value for cert_reqs/);
  });

  const asked = {
    ...{ certfile: 'server.crt', keyfile: 'server.key', ca_certs: 'ca.crt', cert_reqs: 2, ciphers: 'ECDHE+AESGCM' },
  };
  for (const [name, value] of Object.entries(asked)) {
    test(`is refused where it promises safety: ${name}`, () => {
      const [error = '', ...more] = errorsOf(fileWith({ [name]: value }));
      assert.match(error, new RegExp(`^Setting '${name}' in gunicorn\\.conf\\.py is refused: Tunicorn has no `));
      assert.deepEqual(more, []);
      const [embedded] = errorsOf({ overrides: { source: 'the embedding program', values: { [name]: value } } });
      assert.match(embedded ?? '', new RegExp(`^Setting '${name}' in the embedding program is refused`));
    });
  }

  test('is a warning if ignoring it does not admit clients that it would have refused', () => {
    const harmless = {
      ...{ ssl_context: 'ssl_setup.make', control_socket_mode: 0o640 },
      ...{ do_handshake_on_connect: true, http_protocols: 'h2,h1' },
    };
    const { warnings } = resolve(fileWith(harmless));
    assert.deepEqual(warnings.map((line) => /^Setting '(\w+)'/.exec(line)?.[1]).sort(), Object.keys(harmless).sort());
  });
});
