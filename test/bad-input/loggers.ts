// Log configurations and logger classes that cannot be used. Part of ../integration/bad-input.test.ts.

import type { BadInput } from './bad-input.ts';

export const LOGGERS: readonly BadInput[] = [
  {
    it: 'a log configuration that does not exist',
    args: ['--log-config', 'nowhere.ini', 'app'],
    exits: 1,
    says: ["Error: log config 'nowhere.ini' not found"],
  },
  {
    it: 'a log configuration in JSON that does not exist',
    args: ['--log-config-json', 'nowhere.json', 'app'],
    exits: 1,
    says: ["Error: log config 'nowhere.json' not found"],
  },
  {
    it: 'a log configuration that is not JSON',
    args: ['--log-config-json', 'log.json', 'app'],
    files: { 'log.json': '{' },
    exits: 1,
    says: ["Error: log config 'DIR/log.json', line 1: Expecting property name enclosed in double quotes"],
  },
  {
    it: 'a log configuration of an unknown version',
    args: ['app'],
    files: { 'gunicorn.conf.py': 'logconfig_dict = {"version": 7}\n' },
    exits: 1,
    says: ["Error: log config 'logconfig_dict': Unsupported version: 7"],
  },
  {
    it: 'a logger class that cannot be imported',
    args: ['--logger-class', 'no.Such', 'app'],
    exits: 1,
    says: ["Error: logger_class: cannot import 'no.Such': No module named 'no'"],
  },
  {
    it: 'a logger class without a module',
    args: ['--logger-class', 'nosuch', 'app'],
    exits: 1,
    says: ["Error: logger_class: 'nosuch' is neither a class nor the import path of one"],
  },
  {
    it: 'a logger class that is not a class',
    args: ['app'],
    files: { 'gunicorn.conf.py': 'def make():\n    return 5\nlogger_class = make\n' },
    exits: 1,
    says: ['Error: logger_class: make is neither a class nor the import path of one'],
  },
  {
    it: 'a logger class that raises',
    args: ['app'],
    files: {
      'gunicorn.conf.py':
        'class L:\n    def __init__(self, cfg):\n        raise RuntimeError("no log")\nlogger_class = L\n',
    },
    exits: 1,
    says: ['Error: logger_class: RuntimeError in DIR/gunicorn.conf.py, line 3: no log'],
  },
];
