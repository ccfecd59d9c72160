// Wrong flags, and flags with wrong values. Part of ../integration/bad-input.test.ts.

import { WORKER_CLASS_NAMES } from '../../src/settings/for-processes/worker-classes.ts';
import type { BadInput } from './bad-input.ts';

const CLASSES = WORKER_CLASS_NAMES.join(', ');

function noTls(name: string, where: string): string {
  return (
    `Error: Setting '${name}' ${where} is refused: Tunicorn has no TLS yet, and requests and responses would travel in clear text. ` +
    'Let a proxy speak TLS (docs/proxies.md), and leave the setting out'
  );
}

export const FLAGS: readonly BadInput[] = [
  {
    it: 'an invalid number',
    args: ['-w', 'many', 'app'],
    exits: 2,
    says: [
      'usage: tunicorn [OPTIONS] [APP_MODULE]',
      "tunicorn: error: argument -w/--workers: invalid int value: 'many'",
    ],
  },
  {
    it: 'a negative number',
    args: ['-w', '-1', 'app'],
    exits: 1,
    says: ["Error: Invalid value for workers on the command line: '-1' (wanted: a whole number, 0 or more)"],
  },
  {
    it: 'a flag without its value',
    args: ['app', '-w'],
    exits: 2,
    says: ['usage: tunicorn [OPTIONS] [APP_MODULE]', 'tunicorn: error: argument -w/--workers: expected one argument'],
  },
  {
    it: 'an unknown flag',
    args: ['--wrokers', '2', 'app'],
    exits: 2,
    says: [
      'usage: tunicorn [OPTIONS] [APP_MODULE]',
      'tunicorn: error: unrecognized arguments: --wrokers (did you mean --workers?)',
    ],
  },
  {
    it: 'the address in the flags of another server',
    args: ['--host', '0.0.0.0', '--port=80', 'app'],
    exits: 2,
    says: [
      'usage: tunicorn [OPTIONS] [APP_MODULE]',
      'tunicorn: error: unrecognized arguments: --host --port=80 app (the address is --bind HOST:PORT)',
    ],
  },
  {
    it: 'an ambiguous abbreviation of a flag',
    args: ['--max', '3', 'app'],
    exits: 2,
    says: [
      'usage: tunicorn [OPTIONS] [APP_MODULE]',
      'tunicorn: error: ambiguous option: --max could match --max-requests, --max-requests-jitter',
    ],
  },
  {
    it: 'a value for a flag that takes none',
    args: ['--preload=yes', 'app'],
    exits: 2,
    says: [
      'usage: tunicorn [OPTIONS] [APP_MODULE]',
      "tunicorn: error: argument --preload: ignored explicit argument 'yes'",
    ],
  },
  {
    it: 'a mask that is not octal',
    args: ['-m', '9x', 'app'],
    exits: 2,
    says: [
      'usage: tunicorn [OPTIONS] [APP_MODULE]',
      "tunicorn: error: argument -m/--umask: invalid auto_int value: '9x'",
    ],
  },
  {
    it: 'a mask that is too large',
    args: ['-m', '01000', 'app'],
    exits: 1,
    says: [
      "Error: Invalid value for umask on the command line: '01000' (wanted: a whole number, such as 0o22, at most 0o777)",
    ],
  },
  {
    it: 'an invalid choice',
    args: ['--header-map', 'keep', 'app'],
    exits: 1,
    says: ["Error: Invalid value for header_map on the command line: 'keep' (wanted: drop, refuse, dangerous)"],
  },
  {
    it: 'a time with a unit',
    args: ['--queue-timeout', '2s', 'app'],
    exits: 2,
    says: [
      'usage: tunicorn [OPTIONS] [APP_MODULE]',
      "tunicorn: error: argument --queue-timeout: invalid seconds value: '2s'",
    ],
  },
  {
    it: 'an application directly after --proxy-protocol',
    args: ['--proxy-protocol', 'app'],
    exits: 1,
    says: ["Error: Invalid value for proxy_protocol on the command line: 'app' (wanted: off, v1, v2, auto)"],
  },
  {
    it: 'an IPv6 address without brackets',
    args: ['-b', '::1', 'app'],
    exits: 1,
    says: [
      "Error: Invalid value for bind on the command line: '::1' (wanted: HOST, HOST:PORT, [IPV6]:PORT, unix:PATH or fd://N, or a list of such)",
    ],
  },
  {
    it: 'a port by name',
    args: ['-b', 'localhost:http', 'app'],
    exits: 1,
    says: [
      "Error: Invalid value for bind on the command line: 'localhost:http' (wanted: HOST, HOST:PORT, [IPV6]:PORT, unix:PATH or fd://N, or a list of such)",
    ],
  },
  {
    it: 'a port beyond 65535',
    args: ['-b', '127.0.0.1:99999', 'app'],
    exits: 1,
    says: [
      "Error: Invalid value for bind on the command line: '127.0.0.1:99999' (wanted: HOST, HOST:PORT, [IPV6]:PORT, unix:PATH or fd://N, or a list of such)",
    ],
  },
  {
    it: 'a descriptor that is not a number',
    args: ['-b', 'fd://x', 'app'],
    exits: 1,
    says: [
      "Error: Invalid value for bind on the command line: 'fd://x' (wanted: HOST, HOST:PORT, [IPV6]:PORT, unix:PATH or fd://N, or a list of such)",
    ],
  },
  {
    it: 'a descriptor that is not open',
    args: ['-b', 'fd://99', 'app'],
    exits: 1,
    says: [
      "[ERROR] Can't listen on fd://99: descriptor 99 is not open. It must be inherited from the process that starts Tunicorn",
    ],
  },
  {
    it: 'a socket without a path',
    args: ['-b', 'unix:', 'app'],
    exits: 1,
    says: [
      "Error: Invalid value for bind on the command line: 'unix:' (wanted: HOST, HOST:PORT, [IPV6]:PORT, unix:PATH or fd://N, or a list of such)",
    ],
  },
  {
    it: 'an environment variable without a value',
    args: ['-e', 'STAGE', 'app'],
    exits: 1,
    says: ["Error: Invalid value for raw_env on the command line: 'STAGE' (wanted: NAME=VALUE, or a list of such)"],
  },
  {
    it: 'a network with host bits',
    args: ['--forwarded-allow-ips', '1.2.3.4/8', 'app'],
    exits: 1,
    says: [
      "Error: Invalid value for forwarded_allow_ips on the command line: '1.2.3.4/8' (wanted: '*', or IP addresses and networks such as 10.0.0.0/8, separated by commas)",
    ],
  },
  {
    it: 'an unknown user',
    args: ['-u', 'no-such-user', 'app'],
    exits: 1,
    says: ["Error: No such user: 'no-such-user'"],
  },
  {
    it: 'an unknown group',
    args: ['-g', 'no-such-group', 'app'],
    exits: 1,
    says: ["Error: No such group: 'no-such-group'"],
  },
  {
    it: 'a folder that does not exist',
    args: ['--chdir', 'nowhere', 'app'],
    exits: 1,
    says: ["Error: Invalid value for chdir on the command line: 'nowhere' (wanted: a folder that exists)"],
  },
  {
    it: 'a folder of static files without a route of its own',
    args: ['--static-path-mount', '/usr', '--static-path-mount', '/etc', 'app'],
    exits: 1,
    says: [
      'Error: Each route of static files needs one folder, and each folder one route: static_path_route has 1, static_path_mount has 2',
    ],
  },
  {
    it: 'an unknown worker class',
    args: ['-k', 'nosuch', 'app'],
    exits: 1,
    says: [
      `Error: Invalid value for worker_class on the command line: 'nosuch' (wanted: ${CLASSES}; there is no such class)`,
    ],
  },
  {
    it: 'a worker class that cannot be imported',
    args: ['-k', 'no.such.Worker', 'app'],
    exits: 1,
    says: [
      `Error: Invalid value for worker_class on the command line: 'no.such.Worker' (wanted: ${CLASSES}; it cannot be imported: ModuleNotFoundError: No module named 'no')`,
    ],
  },
  {
    it: 'a syslog address without a scheme',
    args: ['--log-syslog', '--log-syslog-to', 'localhost', 'app'],
    exits: 1,
    says: [
      "Error: Invalid value for syslog_addr on the command line: 'localhost' (wanted: unix://PATH, udp://HOST:PORT or tcp://HOST:PORT)",
    ],
  },
  {
    it: 'an unknown syslog facility',
    args: ['--log-syslog', '--log-syslog-facility', 'zzz', 'app'],
    exits: 1,
    says: [
      "Error: Invalid value for syslog_facility on the command line: 'zzz' (wanted: auth, authpriv, cron, daemon, ftp, kern, lpr, mail, news, security, syslog, user, uucp, local0, local1, local2, local3, local4, local5, local6, local7)",
    ],
  },
  {
    it: 'a StatsD port that is not a number',
    args: ['--statsd-host', 'localhost:stats', 'app'],
    exits: 1,
    says: [
      "Error: Invalid value for statsd_host on the command line: 'localhost:stats' (wanted: HOST:PORT or unix://PATH)",
    ],
  },
  {
    it: 'an unknown HTTP version',
    args: ['--http-protocols', 'h1,h9', 'app'],
    exits: 1,
    says: [
      "Error: Invalid value for http_protocols on the command line: 'h9' (wanted: one or more of h1, h2, h3, each once, separated by commas)",
    ],
  },
  {
    it: 'an unknown value for certificate requirements',
    args: ['--cert-reqs', '3', 'app'],
    exits: 1,
    says: ["Error: Invalid value for cert_reqs on the command line: '3' (wanted: a whole number, 0 to 2)"],
  },
  {
    it: 'a certificate, which would be ignored',
    args: ['--certfile', 'no.pem', 'app'],
    exits: 1,
    says: [noTls('certfile', 'on the command line')],
  },
  {
    it: 'a certificate, which would be ignored, with --check-config',
    args: ['--check-config', '--certfile', 'no.pem', 'app'],
    exits: 1,
    says: [noTls('certfile', 'on the command line')],
  },
  {
    it: 'an unknown reload engine',
    args: ['--reload-engine', 'magic', 'app'],
    exits: 1,
    says: ["Error: Invalid value for reload_engine on the command line: 'magic' (wanted: auto, poll, inotify)"],
  },
  {
    it: 'an invalid access log format',
    args: ['--access-logformat', '%(h)s %s', 'app'],
    exits: 1,
    says: [
      "Error: Invalid value for access_log_format on the command line: '%(h)s %s' (wanted: %(NAME)s for each value, as in '%(h)s' or '%({x-request-id}i)s', and %% for a percent sign)",
    ],
  },
  {
    it: 'a Python that does not exist',
    args: ['--python', 'nowhere/python', 'app'],
    exits: 1,
    says: ["Error: the Python interpreter 'DIR/nowhere/python' (from --python) does not exist"],
  },
  {
    it: 'a pid file in a folder that does not exist',
    args: ['-p', 'nowhere/x.pid', 'app'],
    exits: 1,
    says: ["Error: DIR/nowhere doesn't exist. Can't create pidfile."],
  },
  {
    it: 'an error log in a folder that does not exist',
    args: ['--error-logfile', 'nowhere/x', 'app'],
    exits: 1,
    says: ["Error: 'DIR/nowhere/x' isn't writable [No such file or directory]"],
  },
  {
    it: 'an access log in a folder that does not exist',
    args: ['--access-logfile', 'nowhere/x', 'app'],
    exits: 1,
    says: ["Error: 'DIR/nowhere/x' isn't writable [No such file or directory]"],
  },
  {
    it: 'an error log that is a folder',
    args: ['--error-logfile', '.', 'app'],
    exits: 1,
    says: ["Error: 'DIR' isn't writable [Illegal operation on a directory]"],
  },
  {
    it: 'a socket path that is a file',
    args: ['-b', 'unix:app.py', 'app'],
    exits: 1,
    says: ["[ERROR] Can't connect to app.py: 'app.py' is not a socket"],
  },
  {
    it: 'a socket in a folder that does not exist',
    args: ['-b', 'unix:nowhere/s.sock', 'app'],
    exits: 1,
    says: ["[ERROR] Can't connect to nowhere/s.sock: No such file or directory"],
  },
  {
    it: 'an address of another machine',
    args: ['-b', '192.0.2.1:8000', 'app'],
    exits: 1,
    says: [
      "[ERROR] Invalid address: ('192.0.2.1', 8000)",
      "[ERROR] connection to ('192.0.2.1', 8000) failed: [Errno 99] Cannot assign requested address",
      "[ERROR] Invalid address: ('192.0.2.1', 8000)",
      "[ERROR] connection to ('192.0.2.1', 8000) failed: [Errno 99] Cannot assign requested address",
      "[ERROR] Invalid address: ('192.0.2.1', 8000)",
      "[ERROR] connection to ('192.0.2.1', 8000) failed: [Errno 99] Cannot assign requested address",
      "[ERROR] Invalid address: ('192.0.2.1', 8000)",
      "[ERROR] connection to ('192.0.2.1', 8000) failed: [Errno 99] Cannot assign requested address",
      "[ERROR] Invalid address: ('192.0.2.1', 8000)",
      "[ERROR] connection to ('192.0.2.1', 8000) failed: [Errno 99] Cannot assign requested address",
      "[ERROR] Can't connect to ('192.0.2.1', 8000)",
    ],
  },
  {
    it: 'a pid file in a folder that does not exist, with --daemon',
    args: ['-D', '-p', 'nowhere/x.pid', 'app'],
    exits: 1,
    says: ["Error: DIR/nowhere doesn't exist. Can't create pidfile."],
  },
  {
    it: 'an unknown log format',
    args: ['--log-format', 'xml', 'app'],
    exits: 1,
    says: ["Error: Invalid value for log_format on the command line: 'xml' (wanted: text, json)"],
  },
  {
    it: 'a Paste file that does not exist',
    args: ['--paste', 'nowhere.ini'],
    exits: 1,
    says: ["Error: 'DIR/nowhere.ini' not found"],
  },
  {
    it: 'a Paste variable without a value',
    args: ['--paste', 'a.ini', '--paste-global', 'stage'],
    files: { 'a.ini': '[app:main]\npaste.app_factory = app:make\n' },
    exits: 1,
    says: [
      "Error: Invalid value for raw_paste_global_conf on the command line: 'stage' (wanted: KEY=VALUE, or a list of such)",
    ],
  },
  {
    it: 'a file to watch that does not exist',
    args: ['--reload', '--reload-extra-file', 'nowhere', 'app'],
    exits: 1,
    says: [
      "Error: Invalid value for reload_extra_files on the command line: 'nowhere' (wanted: a file or a folder that exists, or a pattern with *, ? or [)",
    ],
  },
];
