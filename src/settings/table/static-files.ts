// The files that the gateway serves itself. The names are Granian's.

export const STATIC_FILES = {
  static_path_mount: {
    section: 'Static Files',
    flags: ['--static-path-mount'],
    metavar: 'FOLDER',
    kind: 'folder list',
    default: [],
    summary: 'A folder whose files the gateway serves without a worker; the flag may be repeated.',
    detail: `Each belongs to the route at the same place in static_path_route. See static-files.md for what is served, and what never is.`,
    own: true,
    usedBy: ['gateway'],
    reloadable: true,
  },
  static_path_route: {
    section: 'Static Files',
    flags: ['--static-path-route'],
    metavar: 'PATH',
    kind: 'route list',
    default: ['/static'],
    summary:
      'The beginning of the URL path for each folder of static_path_mount, in the same order; the flag may be repeated.',
    detail: `With several, the longest that fits counts. Beneath a route, a path without a file is answered 404; only with the route \`/\` the application gets it.`,
    own: true,
    usedBy: ['gateway'],
    reloadable: true,
  },
  static_path_dir_to_file: {
    section: 'Static Files',
    flags: ['--static-path-dir-to-file'],
    metavar: 'NAME',
    kind: 'optional file name',
    default: null,
    summary:
      'The file that is served for a folder of static_path_mount, such as index.html; without it, a folder is answered 404.',
    detail: `A path without the slash at its end is redirected to the one with it.`,
    own: true,
    usedBy: ['gateway'],
    reloadable: true,
  },
  static_path_expires: {
    section: 'Static Files',
    flags: ['--static-path-expires'],
    metavar: 'INT',
    kind: 'uint',
    default: 86400,
    summary: 'Seconds that clients may keep a file without asking again (Cache-Control: max-age); 0 omits the field.',
    own: true,
    usedBy: ['gateway'],
    reloadable: true,
  },
} as const;
