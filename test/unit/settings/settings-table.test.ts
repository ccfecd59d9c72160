// The table of settings against Gunicorn's names and flags, and against its own form.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { formatHelp } from '../../../src/cli/help.ts';
import { formatSettingsPage } from '../../../src/generated-docs/settings-page.ts';
import { WORKER_CLASS_NAMES } from '../../../src/settings/for-processes/worker-classes.ts';
import { checkOf } from '../../../src/settings/kinds/kinds.ts';
import { SETTINGS } from '../../../src/settings/settings.ts';
import { root } from '../../harness/project.ts';

test('the table has the 119 settings of Gunicorn', () => {
  const gunicorns = SETTINGS.filter(([, declaration]) => declaration.own !== true).map(([name]) => name);
  assert.equal(gunicorns.length, 119);
});

test('flags are those of Gunicorn', () => {
  const flags = Object.fromEntries(SETTINGS.map(([name, declaration]) => [name, declaration.flags.join(' ')]));
  const irregular = {
    bind: '-b --bind',
    workers: '-w --workers',
    worker_class: '-k --worker-class',
    config: '-c --config',
    wsgi_app: '',
    timeout: '-t --timeout',
    keepalive: '--keep-alive',
    preload_app: '--preload',
    raw_env: '-e --env',
    pidfile: '-p --pid',
    user: '-u --user',
    group: '-g --group',
    umask: '-m --umask',
    reload_extra_files: '--reload-extra-file',
    sendfile: '--no-sendfile',
    date_header: '--no-date-header',
    proxy_headers: '--no-proxy-headers',
    response_headers: '--response-header',
    daemon: '-D --daemon',
    paste: '--paste --paster',
    raw_paste_global_conf: '--paste-global',
    uwsgi_allow_ips: '--uwsgi-allow-from',
    logconfig: '--log-config',
    logconfig_dict: '',
    logconfig_json: '--log-config-json',
    syslog: '--log-syslog',
    syslog_addr: '--log-syslog-to',
    syslog_prefix: '--log-syslog-prefix',
    syslog_facility: '--log-syslog-facility',
    enable_stdio_inheritance: '-R --enable-stdio-inheritance',
    dirty_apps: '--dirty-app',
    control_socket_disable: '--no-control-socket',
    tmp_upload_dir: '',
    secure_scheme_headers: '',
    proxy_allow_ips: '--proxy-allow-from',
    accesslog: '--access-logfile',
    access_log_format: '--access-logformat',
    errorlog: '--error-logfile --log-file',
    loglevel: '--log-level',
    proc_name: '-n --name',
    default_proc_name: '',
    limit_request_field_size: '--limit-request-field_size --limit-request-field-size',
  };
  const regular = Object.keys(flags).map((name) => [name, `--${name.replaceAll('_', '-')}`]);
  const hooks = SETTINGS.filter(([, { kind }]) => kind === 'hook').map(([name]) => [name, '']);
  assert.equal(hooks.length, 20);
  assert.deepEqual(flags, { ...Object.fromEntries(regular), ...irregular, ...Object.fromEntries(hooks) });
});

test('defaults are those of Gunicorn', () => {
  const defaults = Object.fromEntries(SETTINGS.map(([name, declaration]) => [name, declaration.default]));
  const expected = {
    ...{ bind: ['127.0.0.1:8000'], backlog: 2048, workers: 1, worker_class: 'sync', threads: 1 },
    ...{ timeout: 30, graceful_timeout: 30, keepalive: 95, max_requests: 0, max_requests_jitter: 0 },
    ...{ limit_request_line: 4094, limit_request_fields: 100, limit_request_field_size: 8190, umask: 0 },
    ...{ accesslog: null, errorlog: '-', loglevel: 'info', header_map: 'drop', pidfile: null, proc_name: null },
    ...{ proxy_protocol: 'off', proxy_allow_ips: ['127.0.0.1', '::1'], forwarded_header: false },
    ...{ worker_connections: 1000, reload: false, reload_engine: 'auto', reload_extra_files: [], spew: false },
    ...{ sendfile: null, reuse_port: false, daemon: false, initgroups: false, enable_stdio_inheritance: false },
    ...{ paste: null, raw_paste_global_conf: [], http_parser: 'auto', protocol: 'http', root_path: '' },
    ...{ uwsgi_allow_ips: ['127.0.0.1', '::1'], disable_redirect_access_to_syslog: false, capture_output: false },
    ...{ logger_class: 'gunicorn.glogging.Logger', logconfig: null, logconfig_dict: {}, logconfig_json: null },
    ...{ syslog: false, syslog_addr: 'udp://localhost:514', syslog_prefix: null, syslog_facility: 'user' },
    ...{ statsd_host: null, statsd_prefix: '', dogstatsd_tags: '', enable_backlog_metric: false },
    ...{ keyfile: null, certfile: null, ssl_version: 2, cert_reqs: 0, ca_certs: null, ciphers: null },
    ...{ suppress_ragged_eofs: true, do_handshake_on_connect: false, http_protocols: ['h1'], http2_cleartext: 'off' },
    ...{ http2_max_concurrent_streams: 100, http2_initial_window_size: 65535, http2_max_frame_size: 16384 },
    ...{ http2_max_header_list_size: 65536, asgi_loop: 'auto', asgi_lifespan: 'auto' },
    ...{ asgi_disconnect_grace_period: 3, dirty_apps: [], dirty_workers: 0, dirty_timeout: 300, dirty_threads: 1 },
    ...{ dirty_graceful_timeout: 30, control_socket_mode: 0o600, control_socket_disable: false },
    ...{ forwarded_allow_ips: ['127.0.0.1', '::1'], forwarder_headers: ['SCRIPT_NAME', 'PATH_INFO'] },
  };
  for (const [name, value] of Object.entries(expected)) assert.deepEqual(defaults[name], value, name);
});

test('every default passes its own check, unchanged', () => {
  for (const [name, declaration] of SETTINGS) {
    if (declaration.default === undefined) continue;
    assert.deepEqual(checkOf(declaration).ofFile.parse(declaration.default), declaration.default, name);
  }
});

test('every setting has a default, from the table or from the process', () => {
  for (const [name, declaration] of SETTINGS) {
    assert.ok(declaration.default !== undefined || declaration.defaultFrom !== undefined, name);
  }
});

test('no flag is given to two settings', () => {
  const flags = SETTINGS.flatMap(([, declaration]) => declaration.flags);
  assert.equal(new Set(flags).size, flags.length);
});

test('declarations have no misspelt property', () => {
  // The compiler checks types, but a declaration may have more properties than the type knows.
  const common = [
    'section',
    'flags',
    'metavar',
    'summary',
    'detail',
    'own',
    'pending',
    'withoutIt',
    'usedBy',
    'reloadable',
    'environment',
  ];
  const known = [...common, 'migration', 'defaultFrom', 'wanted', 'none', 'notInFile', 'isSecret', 'kind', 'default'];
  const byKind: Readonly<Record<string, readonly string[]>> = {
    uint: ['min', 'max'],
    'auto int': ['max'],
    bool: ['flagValue'],
    'optional bool': ['flagValue'],
    'name list': ['names'],
    'address list': ['mayBeEmpty'],
    hook: ['parameters', 'leastParameters'],
    choice: ['choices', 'synonyms', 'otherwise', 'flagAlone', 'bools'],
  };
  for (const [name, declaration] of SETTINGS) {
    const unknown = Object.keys(declaration).filter(
      (key) => ![...known, ...(byKind[declaration.kind] ?? [])].includes(key),
    );
    assert.deepEqual(unknown, [], name);
  }
});

test('--help names every worker class, and the flags without effect', () => {
  const help = formatHelp(SETTINGS).replace(/\s+/g, ' ');
  const [, about = ''] = /--worker-class STRING (.*?) --threads/.exec(help) ?? [];
  for (const name of WORKER_CLASS_NAMES) assert.ok(about.includes(name), name);
  assert.match(help, /--certfile FILE The file with the certificate and its chain\. \(Refused yet: no TLS\.\)/);
  assert.match(help, /--dirty-workers INT [^[]*\[0\] \(No effect yet: no dirty workers\.\)/);
});

test('python/tunicorn/config/hooks.py calls each hook with as many arguments as the table names', () => {
  const text = readFileSync(join(root, 'python', 'tunicorn', 'config', 'hooks.py'), 'utf8');
  const inPython = [...text.matchAll(/^ {4}"(\w+)": (\d),$/gm)].map(([, name, count]) => [name, Number(count)]);
  const inTable = SETTINGS.flatMap(([name, declaration]) =>
    declaration.kind === 'hook' ? [[name, declaration.parameters.length]] : [],
  );
  assert.deepEqual(Object.fromEntries(inPython), Object.fromEntries(inTable));
});

test('the page has every setting, with its flags, default and unit', () => {
  const page = formatSettingsPage(SETTINGS);
  for (const [name, declaration] of SETTINGS) {
    assert.ok(page.includes(`\n### ${name}\n`), name);
    for (const flag of declaration.flags) assert.ok(page.includes(`\`${flag}`), flag);
  }
  assert.match(page, /### timeout\n\nSeconds that[^#]*- Default: `30`\n/);
  for (const line of page.split('\n')) assert.ok(line.length <= 120 || line.startsWith('- '), line);
});
