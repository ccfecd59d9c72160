// Settings for development: new workers when files change, and a trace of each line.

export const RELOADING = {
  reload: {
    section: 'Debugging',
    flags: ['--reload'],
    kind: 'bool',
    default: false,
    summary: 'Reload when the code changes; for development only.',
    detail: `One change, or one burst of changes, causes one reload, as with SIGHUP: no request is lost. The files of all loaded modules
      except the standard library are watched, and the config file and \`reload_extra_files\`. If the application cannot be imported,
      the workers respond with 500 and the traceback. See [development.md](development.md).`,
    migration: {
      better:
        'A burst of changes causes one reload, and no request is lost. Errors at the import are shown as a page. The hook worker_int is not called.',
    },
    usedBy: ['arbiter', 'forkserver', 'worker'],
    reloadable: true,
  },
  reload_engine: {
    section: 'Debugging',
    flags: ['--reload-engine'],
    metavar: 'STRING',
    kind: 'choice',
    choices: ['auto', 'poll', 'inotify'],
    default: 'auto',
    summary: 'How changes are noticed: inotify, poll (once a second), or auto.',
    detail: `\`auto\` is inotify, but poll for folders on file systems that other machines may write to (NFS, SMB, 9p, FUSE), and
      when a limit of inotify is reached; the log says so.`,
    migration: { better: 'inotify needs no package.' },
    usedBy: ['arbiter'],
    reloadable: true,
  },
  reload_extra_files: {
    section: 'Debugging',
    flags: ['--reload-extra-file'],
    metavar: 'FILES',
    kind: 'string list',
    default: [],
    summary: 'A file, or a pattern with *, ? or [, that reload watches besides the code; may be repeated.',
    detail: `Relative to the directory in which the command was started. \`**\` means any number of folders. A path must exist; a folder
      means all files in it. Patterns are expanded every second, so a new matching file is a change, too.`,
    migration: { better: 'Folders are supported, too.' },
    usedBy: ['arbiter'],
    reloadable: true,
  },
  spew: {
    section: 'Debugging',
    flags: ['--spew'],
    kind: 'bool',
    default: false,
    summary: 'Print each line of Python that a worker executes.',
    detail: 'Each line goes to standard output as `module:line: source`. It slows everything down.',
    usedBy: ['worker'],
    reloadable: true,
  },
} as const;
