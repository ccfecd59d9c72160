// Messages of the reloader (the setting `reload`).

export const RELOADER_MESSAGES = {
  reloaderOn: {
    level: 'warning',
    text: 'Reloader is on. Use in development only!',
    cause: 'The setting `reload` is on.',
    remedy: 'Turn it off in production: watching files costs time, and a half-copied release would be loaded.',
    isGunicorns: true,
  },
  polling: {
    level: 'warning',
    text: 'Reloader: {reason}; polling for changes every second instead',
    cause:
      'A folder cannot be watched with inotify: it is on a shared file system, or a limit of the kernel is reached.',
    remedy: 'Nothing, if a second of delay is acceptable. Otherwise raise the limit that the line names.',
  },
  emptyPattern: {
    level: 'warning',
    text: 'Pattern {pattern} currently matches no files.',
    cause: 'A pattern in `reload_extra_files` matches nothing at the start.',
    remedy: 'Correct the pattern. Files that appear later and match it are still noticed.',
  },
  workerReloading: {
    level: 'info',
    text: 'Worker reloading: {file} {change}',
    cause: 'A watched file was modified, created or deleted; a new generation of workers starts.',
    remedy: 'Nothing.',
    isGunicorns: true,
  },
  workerReloadingMany: {
    level: 'info',
    text: 'Worker reloading: {file} {change} (and {count} other {files})',
    cause: 'Several watched files changed at about the same time; one new generation of workers starts.',
    remedy: 'Nothing.',
  },
} as const;
