// Config files that are missing or that fail. Part of ../integration/bad-input.test.ts.

import type { BadInput } from './bad-input.ts';

export const CONFIG_FILES: readonly BadInput[] = [
  {
    it: 'a config file that does not exist',
    args: ['-c', 'nowhere.py', 'app'],
    exits: 1,
    says: ["Error: 'nowhere.py' doesn't exist"],
  },
  {
    it: 'a config module that does not exist',
    args: ['-c', 'python:nowhere', 'app'],
    exits: 1,
    says: [
      'Failed to read config file: python:nowhere',
      "ModuleNotFoundError: No module named 'nowhere' (the interpreter is PYTHON; --python names another one)",
    ],
  },
  {
    it: 'a folder instead of a config file',
    args: ['-c', '.', 'app'],
    exits: 1,
    says: [
      '!!!',
      '!!! WARNING: configuration file should have a valid Python extension.',
      '!!!',
      'Failed to read config file: DIR/.',
      "IsADirectoryError: [Errno 21] Is a directory: 'DIR/.'",
    ],
  },
  {
    it: 'a syntax error in the config file',
    args: ['app'],
    files: { 'gunicorn.conf.py': 'workers = 1\ntimeout = = 3\n' },
    exits: 1,
    says: [
      'Failed to read config file: DIR/gunicorn.conf.py',
      '  File "DIR/gunicorn.conf.py", line 2',
      '    timeout = = 3',
      'SyntaxError: invalid syntax',
    ],
  },
  {
    it: 'an error that the config file raises',
    args: ['app'],
    files: { 'gunicorn.conf.py': 'workers = 1\nraise RuntimeError("no database")\n' },
    exits: 1,
    says: [
      'Failed to read config file: DIR/gunicorn.conf.py',
      'Traceback (most recent call last):',
      '  File "DIR/gunicorn.conf.py", line 2, in <module>',
      '    raise RuntimeError("no database")',
      'RuntimeError: no database',
    ],
  },
  {
    it: 'an unknown name in the config file',
    args: ['app'],
    files: { 'gunicorn.conf.py': 'workers = cpu_count() * 2\n' },
    exits: 1,
    says: [
      'Failed to read config file: DIR/gunicorn.conf.py',
      'Traceback (most recent call last):',
      '  File "DIR/gunicorn.conf.py", line 1, in <module>',
      '    workers = cpu_count() * 2',
      "NameError: name 'cpu_count' is not defined",
    ],
  },
  {
    it: 'an import in the config file that fails',
    args: ['app'],
    files: { 'gunicorn.conf.py': 'import nowhere\n' },
    exits: 1,
    says: [
      'Failed to read config file: DIR/gunicorn.conf.py',
      'Traceback (most recent call last):',
      '  File "DIR/gunicorn.conf.py", line 1, in <module>',
      '    import nowhere',
      "ModuleNotFoundError: No module named 'nowhere' (the interpreter is PYTHON; --python names another one)",
    ],
  },
  {
    it: 'a config file that exits',
    args: ['app'],
    files: { 'gunicorn.conf.py': 'import sys\nsys.exit("no database")\n' },
    exits: 1,
    says: ["Error: The config file called sys.exit('no database')"],
  },
  {
    it: 'a config file with another extension, and an error',
    args: ['-c', 'conf.txt', 'app'],
    files: { 'conf.txt': 'workers = many\n' },
    exits: 1,
    says: [
      '!!!',
      '!!! WARNING: configuration file should have a valid Python extension.',
      '!!!',
      'Failed to read config file: DIR/conf.txt',
      'Traceback (most recent call last):',
      '  File "DIR/conf.txt", line 1, in <module>',
      '    workers = many',
      "NameError: name 'many' is not defined",
    ],
  },
  {
    it: 'a config file in another format',
    args: ['-c', 'app.ini', 'app'],
    files: { 'app.ini': '[server]\nworkers = 3\n' },
    exits: 1,
    says: [
      '!!!',
      '!!! WARNING: configuration file should have a valid Python extension.',
      '!!!',
      'Failed to read config file: DIR/app.ini',
      'Traceback (most recent call last):',
      '  File "DIR/app.ini", line 1, in <module>',
      '    [server]',
      "NameError: name 'server' is not defined",
    ],
  },
];
