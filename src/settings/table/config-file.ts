// Settings that choose the configuration and the application, and flags that exit before serving.

export const CONFIG_FILE = {
  config: {
    section: 'Config File',
    flags: ['-c', '--config'],
    metavar: 'CONFIG',
    // Empty, as a start script's variable may be, counts as not set.
    kind: 'text',
    default: './gunicorn.conf.py',
    summary: 'The config file: PATH, file:PATH, or python:MODULE.',
    detail: `A Python file; its top-level names are settings. Without this flag, gunicorn.conf.py in the current
      directory is read if it exists. A relative path starts from the directory in which Tunicorn was started, whatever chdir is. It cannot be set in the config file itself.`,
    notInFile: true,
    usedBy: ['arbiter', 'forkserver'],
    reloadable: false,
  },
  wsgi_app: {
    section: 'Config File',
    flags: [],
    metavar: 'STRING',
    kind: 'optional string',
    default: null,
    summary: 'The application, as MODULE:CALLABLE, when the command line does not name one.',
    detail: `CALLABLE defaults to application. It may be a call with literal arguments, such as
      app:create_app("prod").`,
    migration: { better: 'The name may be dotted, as in module:package.application.' },
    usedBy: ['arbiter', 'forkserver'],
    reloadable: true,
  },
  check_config: {
    section: 'Config File',
    flags: ['--check-config'],
    kind: 'bool',
    default: false,
    summary: 'Check the configuration and load the application, then exit: 0 if both are good, else 1.',
    detail: 'Settings without effect are named on standard error.',
    migration: { better: 'It checks every value, applies pythonpath first, and names settings without effect.' },
    usedBy: ['arbiter'],
    reloadable: false,
  },
  print_config: {
    section: 'Config File',
    flags: ['--print-config'],
    kind: 'bool',
    default: false,
    summary: 'Print the final value of every setting, then do the same as check_config.',
    migration: { better: '--show-origins prints the source of each value, too.' },
    usedBy: ['arbiter'],
    reloadable: false,
  },
  show_origins: {
    section: 'Config File',
    flags: ['--show-origins'],
    kind: 'bool',
    default: false,
    summary: 'Do the same as print_config, with the source of each value.',
    own: true,
    usedBy: ['arbiter'],
    reloadable: false,
  },
} as const;
