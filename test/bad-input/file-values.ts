// Wrong values of settings in the config file. Part of ../integration/bad-input.test.ts.

import { WORKER_CLASS_NAMES } from '../../src/settings/for-processes/worker-classes.ts';
import type { BadInput } from './bad-input.ts';

const CLASSES = WORKER_CLASS_NAMES.join(', ');

export const FILE_VALUES: readonly BadInput[] = [
  {
    it: 'a word instead of a number',
    args: ['app'],
    files: { 'gunicorn.conf.py': 'workers = "many"\n' },
    exits: 1,
    says: ["Error: Invalid value for workers in gunicorn.conf.py: 'many' (wanted: a whole number, 0 or more)"],
  },
  {
    it: 'a fraction instead of a whole number',
    args: ['app'],
    files: { 'gunicorn.conf.py': 'timeout = 1.5\n' },
    exits: 1,
    says: ['Error: Invalid value for timeout in gunicorn.conf.py: 1.5 (wanted: a whole number, 0 or more)'],
  },
  {
    it: 'a mask as a string that looks octal',
    args: ['app'],
    files: { 'gunicorn.conf.py': 'umask = "0022"\n' },
    exits: 1,
    says: [
      "Error: Invalid value for umask in gunicorn.conf.py: '0022' (wanted: a whole number, such as 0o22, at most 0o777)",
    ],
  },
  {
    it: 'a word instead of True or False',
    args: ['app'],
    files: { 'gunicorn.conf.py': 'preload_app = "perhaps"\n' },
    exits: 1,
    says: ["Error: Invalid value for preload_app in gunicorn.conf.py: 'perhaps' (wanted: True or False)"],
  },
  {
    it: 'a number instead of a file name',
    args: ['app'],
    files: { 'gunicorn.conf.py': 'accesslog = 5\n' },
    exits: 1,
    says: ['Error: Invalid value for accesslog in gunicorn.conf.py: 5 (wanted: a string, or None)'],
  },
  {
    it: 'an empty name for the error log',
    args: ['app'],
    files: { 'gunicorn.conf.py': 'errorlog = ""\n' },
    exits: 1,
    says: ["Error: Invalid value for errorlog in gunicorn.conf.py: '' (wanted: a file, or '-' for standard error)"],
  },
  {
    it: 'a number instead of an address',
    args: ['app'],
    files: { 'gunicorn.conf.py': 'bind = 8000\n' },
    exits: 1,
    says: [
      'Error: Invalid value for bind in gunicorn.conf.py: 8000 (wanted: HOST, HOST:PORT, [IPV6]:PORT, unix:PATH or fd://N, or a list of such)',
    ],
  },
  {
    it: 'a dict instead of a list',
    args: ['app'],
    files: { 'gunicorn.conf.py': 'raw_env = {"STAGE": "x"}\n' },
    exits: 1,
    says: [
      "Error: Invalid value for raw_env in gunicorn.conf.py: {'STAGE': 'x'} (wanted: NAME=VALUE, or a list of such)",
    ],
  },
  {
    it: 'a network whose prefix is too long',
    args: ['app'],
    files: { 'gunicorn.conf.py': 'proxy_allow_ips = ["10.0.0.0/33"]\n' },
    exits: 1,
    says: [
      "Error: Invalid value for proxy_allow_ips in gunicorn.conf.py: '10.0.0.0/33' (wanted: '*', or IP addresses and networks such as 10.0.0.0/8, separated by commas)",
    ],
  },
  {
    it: 'a dict with a value that is not a string',
    args: ['app'],
    files: { 'gunicorn.conf.py': 'secure_scheme_headers = {"X-TLS": True}\n' },
    exits: 1,
    says: ['Error: Invalid value for secure_scheme_headers in gunicorn.conf.py: True (wanted: a dict of strings)'],
  },
  {
    it: 'a negative user',
    args: ['app'],
    files: { 'gunicorn.conf.py': 'user = -1\n' },
    exits: 1,
    says: ['Error: Invalid value for user in gunicorn.conf.py: -1 (wanted: the name or the number of a user)'],
  },
  {
    it: 'a folder that does not exist in the file',
    args: ['app'],
    files: { 'gunicorn.conf.py': 'tmp_upload_dir = "/nowhere"\n' },
    exits: 1,
    says: ["Error: Invalid value for tmp_upload_dir in gunicorn.conf.py: '/nowhere' (wanted: a folder that exists)"],
  },
  {
    it: 'a path object instead of a string',
    args: ['app'],
    files: { 'gunicorn.conf.py': 'import pathlib\npidfile = pathlib.PurePosixPath("/x")\n' },
    exits: 1,
    says: ["Error: Invalid value for pidfile in gunicorn.conf.py: PurePosixPath('/x') (wanted: a string, or None)"],
  },
  {
    it: 'two invalid values, both reported,',
    args: ['app'],
    files: { 'gunicorn.conf.py': 'workers = "a"\ntimeout = "b"\n' },
    exits: 1,
    says: [
      "Error: Invalid value for workers in gunicorn.conf.py: 'a' (wanted: a whole number, 0 or more)",
      "Error: Invalid value for timeout in gunicorn.conf.py: 'b' (wanted: a whole number, 0 or more)",
    ],
  },
  {
    it: 'a hook with too few parameters',
    args: ['app'],
    files: { 'gunicorn.conf.py': 'def post_fork(worker):\n    pass\n' },
    exits: 1,
    says: [
      'Error: Invalid value for post_fork in gunicorn.conf.py: __config__.post_fork (wanted: a function that takes (server, worker), or its import path)',
    ],
  },
  {
    it: 'a hook with too many parameters',
    args: ['app'],
    files: { 'gunicorn.conf.py': 'def post_request(a, b, c, d, e):\n    pass\n' },
    exits: 1,
    says: [
      'Error: Invalid value for post_request in gunicorn.conf.py: __config__.post_request (wanted: a function that takes 2 to 4 of (worker, req, environ, resp), or its import path)',
    ],
  },
  {
    it: 'a hook given by a name without a module',
    args: ['app'],
    files: { 'gunicorn.conf.py': 'post_fork = "post_fork"\n' },
    exits: 1,
    says: [
      "Error: Invalid value for post_fork in gunicorn.conf.py: 'post_fork' (wanted: a function that takes (server, worker), or its import path)",
    ],
  },
  {
    it: 'a number instead of a hook',
    args: ['app'],
    files: { 'gunicorn.conf.py': 'when_ready = 5\n' },
    exits: 1,
    says: [
      'Error: Invalid value for when_ready in gunicorn.conf.py: 5 (wanted: a function that takes (server), or its import path)',
    ],
  },
  {
    it: 'a worker class that is defined in the file',
    args: ['app'],
    files: { 'gunicorn.conf.py': 'class Worker:\n    pass\nworker_class = Worker\n' },
    exits: 1,
    says: [
      `Error: Invalid value for worker_class in gunicorn.conf.py: __config__.Worker (wanted: ${CLASSES}, or a class that derives from one of Gunicorn's, such as gunicorn.workers.sync.SyncWorker)`,
    ],
  },
  {
    it: 'a string instead of a dict',
    args: ['app'],
    files: { 'gunicorn.conf.py': 'logconfig_dict = "x"\n' },
    exits: 1,
    says: ["Error: Invalid value for logconfig_dict in gunicorn.conf.py: 'x' (wanted: a dict)"],
  },
  {
    it: 'a number instead of a class',
    args: ['app'],
    files: { 'gunicorn.conf.py': 'logger_class = 7\n' },
    exits: 1,
    says: ['Error: Invalid value for logger_class in gunicorn.conf.py: 7 (wanted: a class, or its import path)'],
  },
  {
    it: 'a word instead of True, False or None',
    args: ['app'],
    files: { 'gunicorn.conf.py': 'sendfile = "perhaps"\n' },
    exits: 1,
    says: ["Error: Invalid value for sendfile in gunicorn.conf.py: 'perhaps' (wanted: True, False or None)"],
  },
  {
    it: 'a number instead of text',
    args: ['app'],
    files: { 'gunicorn.conf.py': 'root_path = 5\n' },
    exits: 1,
    says: ['Error: Invalid value for root_path in gunicorn.conf.py: 5 (wanted: a string)'],
  },
  {
    it: 'a number instead of a list',
    args: ['app'],
    files: { 'gunicorn.conf.py': 'dirty_apps = 5\n' },
    exits: 1,
    says: ['Error: Invalid value for dirty_apps in gunicorn.conf.py: 5 (wanted: a string, or a list of strings)'],
  },
  {
    it: 'a number instead of names',
    args: ['app'],
    files: { 'gunicorn.conf.py': 'forwarder_headers = 5\n' },
    exits: 1,
    says: ['Error: Invalid value for forwarder_headers in gunicorn.conf.py: 5 (wanted: names, separated by commas)'],
  },
  {
    it: 'a negative time',
    args: ['app'],
    files: { 'gunicorn.conf.py': 'queue_timeout = -0.5\n' },
    exits: 1,
    says: ['Error: Invalid value for queue_timeout in gunicorn.conf.py: -0.5 (wanted: seconds, such as 1.5)'],
  },
  {
    it: 'an HTTP version twice',
    args: ['app'],
    files: { 'gunicorn.conf.py': 'http_protocols = "h1,h1"\n' },
    exits: 1,
    says: [
      "Error: Invalid value for http_protocols in gunicorn.conf.py: 'h1,h1' (wanted: one or more of h1, h2, h3, each once, separated by commas)",
    ],
  },
  {
    it: 'a syslog port beyond 65535',
    args: ['app'],
    files: { 'gunicorn.conf.py': 'syslog_addr = "udp://loghost:99999"\n' },
    exits: 1,
    says: [
      "Error: Invalid value for syslog_addr in gunicorn.conf.py: 'udp://loghost:99999' (wanted: unix://PATH, udp://HOST:PORT or tcp://HOST:PORT)",
    ],
  },
];
