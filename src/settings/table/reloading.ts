// Help while code is being written: new workers when files change, and a trace of each line. Part of ../settings.ts.

export const RELOADING = {
  reload: {
    section: 'Debugging',
    flags: ['--reload'],
    kind: 'bool',
    default: false,
    summary: 'Make new workers when the code changes; for development only.',
    detail: `One change, or one burst of changes, makes one reload as SIGHUP does: no request is lost. Watched are the files of
      all loaded modules but those of the standard library, the configuration file and \`reload_extra_files\`. While the
      application cannot be imported, the workers answer 500 with the traceback. See [development.md](development.md).`,
    migration: {
      better:
        'A burst of changes makes one reload, and no request is lost. Whatever keeps the application from being imported is shown. The hook worker_int is not called.',
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
    summary: 'How changes are noticed: by inotify, by a look each second (poll), or auto.',
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
    detail: `Relative to the directory that the command was started in. \`**\` stands for any number of folders. A path must
      exist; a folder means all the files in it. Patterns are expanded anew each second, so a new file that matches is a
      change, too.`,
    migration: { better: 'A folder may be named, too.' },
    usedBy: ['arbiter'],
    reloadable: true,
  },
  spew: {
    section: 'Debugging',
    flags: ['--spew'],
    kind: 'bool',
    default: false,
    summary: 'Print each line of Python that a worker executes.',
    detail: 'Each line goes to standard output as `module:line: source`. It makes everything slow.',
    usedBy: ['worker'],
    reloadable: true,
  },
} as const;
