// Applications that are missing or that fail. Part of ../integration/bad-input.test.ts.

import type { BadInput } from './bad-input.ts';

export const APPLICATIONS: readonly BadInput[] = [
  { it: 'no application', args: [], exits: 1, says: ['Error: No application module specified.'] },
  {
    it: 'a module that does not exist',
    args: ['nowhere:app'],
    exits: 3,
    says: [
      '[ERROR] Exception in worker process',
      "ModuleNotFoundError: No module named 'nowhere' (the interpreter is PYTHON; --python names another one)",
      "[ERROR] Reason: Worker failed to boot. ModuleNotFoundError: No module named 'nowhere' (the interpreter is PYTHON; --python names another one)",
    ],
  },
  {
    it: 'a module that does not exist, with --check-config',
    args: ['--check-config', 'nowhere:app'],
    exits: 1,
    says: [
      'Error while loading the application:',
      "ModuleNotFoundError: No module named 'nowhere' (the interpreter is PYTHON; --python names another one)",
    ],
  },
  {
    it: 'a module without "application" that has "app"',
    args: ['flasky'],
    files: { 'flasky.py': 'def app(environ, start_response):\n    return []\n' },
    exits: 4,
    says: [
      "[ERROR] Failed to load the application: Failed to find attribute 'application' in 'flasky'. Did you mean 'flasky:app'?",
      "[ERROR] Reason: App failed to load. Failed to find attribute 'application' in 'flasky'. Did you mean 'flasky:app'?",
    ],
  },
  {
    it: 'an attribute that does not exist',
    args: ['app:nosuch'],
    exits: 4,
    says: [
      "[ERROR] Failed to load the application: Failed to find attribute 'nosuch' in 'app'.",
      "[ERROR] Reason: App failed to load. Failed to find attribute 'nosuch' in 'app'.",
    ],
  },
  {
    it: 'an attribute that does not exist, with --check-config',
    args: ['--check-config', 'app:nosuch'],
    exits: 1,
    says: ['Error while loading the application:', "Failed to find attribute 'nosuch' in 'app'."],
  },
  {
    it: 'a file name instead of a module',
    args: ['app.py'],
    exits: 3,
    says: [
      '[ERROR] Exception in worker process',
      "ImportError: Failed to find application, did you mean 'app:application'?",
      "[ERROR] Reason: Worker failed to boot. ImportError: Failed to find application, did you mean 'app:application'?",
    ],
  },
  {
    it: 'an unclosed call',
    args: ['app:application('],
    exits: 4,
    says: [
      "[ERROR] Failed to load the application: Failed to parse 'application(' as an attribute name or function call.",
      "[ERROR] Reason: App failed to load. Failed to parse 'application(' as an attribute name or function call.",
    ],
  },
  {
    it: 'an attribute of an attribute',
    args: ['app:a.b'],
    exits: 4,
    says: [
      "[ERROR] Failed to load the application: Failed to find attribute 'a.b' in 'app'.",
      "[ERROR] Reason: App failed to load. Failed to find attribute 'a.b' in 'app'.",
    ],
  },
  {
    it: 'an argument that is not a literal',
    args: ['app:make(x)'],
    exits: 4,
    says: [
      "[ERROR] Failed to load the application: Failed to parse arguments as literal values: 'make(x)'",
      "[ERROR] Reason: App failed to load. Failed to parse arguments as literal values: 'make(x)'",
    ],
  },
  {
    it: 'too many arguments for a factory',
    args: ['app:make(1)'],
    exits: 4,
    says: [
      '[ERROR] Failed to load the application: TypeError: make() takes 0 positional arguments but 1 was given',
      '[ERROR] Reason: App failed to load. TypeError: make() takes 0 positional arguments but 1 was given',
    ],
  },
  {
    it: 'an application that is None',
    args: ['app:nothing'],
    exits: 4,
    says: [
      "[ERROR] Failed to load the application: Failed to find application object: 'nothing'",
      "[ERROR] Reason: App failed to load. Failed to find application object: 'nothing'",
    ],
  },
  {
    it: 'an application that cannot be called',
    args: ['app:number'],
    exits: 4,
    says: [
      '[ERROR] Failed to load the application: Application object must be callable.',
      '[ERROR] Reason: App failed to load. Application object must be callable.',
    ],
  },
  {
    it: 'a module that raises',
    args: ['raising'],
    files: { 'raising.py': 'raise RuntimeError("no database")\n' },
    exits: 3,
    says: [
      '[ERROR] Exception in worker process',
      'Traceback (most recent call last):',
      '  File "DIR/raising.py", line 1, in <module>',
      '    raise RuntimeError("no database")',
      'RuntimeError: no database',
      '[ERROR] Reason: Worker failed to boot. RuntimeError: no database',
    ],
  },
  {
    it: 'a module that raises, with --check-config',
    args: ['--check-config', 'raising'],
    files: { 'raising.py': 'raise RuntimeError("no database")\n' },
    exits: 1,
    says: [
      'Error while loading the application:',
      'Traceback (most recent call last):',
      '  File "DIR/raising.py", line 1, in <module>',
      '    raise RuntimeError("no database")',
      'RuntimeError: no database',
    ],
  },
  {
    it: 'a module that raises, with --preload',
    args: ['--preload', 'raising'],
    files: { 'raising.py': 'raise RuntimeError("no database")\n' },
    exits: 3,
    says: [
      '[ERROR] Traceback (most recent call last):',
      '  File "DIR/raising.py", line 1, in <module>',
      '    raise RuntimeError("no database")',
      'RuntimeError: no database',
      '[ERROR] Reason: Worker failed to boot. RuntimeError: no database',
    ],
  },
  {
    it: 'a syntax error in the module',
    args: ['broken'],
    files: { 'broken.py': 'def application(:\n' },
    exits: 3,
    says: [
      '[ERROR] Exception in worker process',
      '  File "DIR/broken.py", line 1',
      '    def application(:',
      'SyntaxError: invalid syntax',
      '[ERROR] Reason: Worker failed to boot. SyntaxError: invalid syntax (broken.py, line 1)',
    ],
  },
  {
    it: 'a module that exits',
    args: ['leaving'],
    files: { 'leaving.py': 'import sys\nsys.exit(7)\n' },
    exits: 3,
    says: [
      '[ERROR] The application called sys.exit(7) while it was being imported',
      '[ERROR] Reason: Worker failed to boot. sys.exit(7)',
    ],
  },
  {
    it: 'a module that does not exist in wsgi_app',
    args: [],
    files: { 'gunicorn.conf.py': 'wsgi_app = "nowhere"\n' },
    exits: 3,
    says: [
      '[ERROR] Exception in worker process',
      "ModuleNotFoundError: No module named 'nowhere' (the interpreter is PYTHON; --python names another one)",
      "[ERROR] Reason: Worker failed to boot. ModuleNotFoundError: No module named 'nowhere' (the interpreter is PYTHON; --python names another one)",
    ],
  },
  {
    it: 'a number as wsgi_app',
    args: [],
    files: { 'gunicorn.conf.py': 'wsgi_app = 5\n' },
    exits: 1,
    says: ['Error: Invalid value for wsgi_app in gunicorn.conf.py: 5 (wanted: a string, or None)'],
  },
];
