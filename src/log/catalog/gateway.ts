// Messages of the gateway processes.

export const GATEWAY_MESSAGES = {
  invalidRequest: {
    level: 'warning',
    text: 'Invalid request from ip={ip}: {reason}',
    cause:
      'A request broke a rule of HTTP, exceeded a limit or took too long, and was refused. A broken rule is named in brackets.',
    remedy:
      'Nothing, unless a client of your own sends it. `docs/http.md` explains each rule, `docs/timeouts.md` each limit.',
    isGunicorns: true,
  },
  incompleteRequest: {
    level: 'debug',
    text: 'Incomplete request from ip={ip}: {reason}',
    cause: 'A client shut down its sending side in the middle of a request. Clients do so all the time.',
    remedy: 'Nothing.',
  },
  requestLost: {
    level: 'error',
    text: '{request} failed after {seconds} s: its worker (pid:{pid}) died; {outcome}',
    cause: 'A worker exited, or was killed, while it ran the request.',
    remedy:
      "Look for the reason in the lines about that process: a crash, a lack of memory, the application's own exit. The request may have taken effect.",
  },
  fileChanged: {
    level: 'warning',
    text: '{request} was cut off: {path} changed while it was sent. Replace files by renaming new ones over them, and do not write into them',
    cause: 'A static file was written to, or became shorter, after the response had begun with its size and its ETag.',
    remedy: 'Let the deployment write each file under another name and rename it, as `rsync` does without `--inplace`.',
  },
  sendfileMissing: {
    level: 'warning',
    text: 'The application sends {path} for {request}, which cannot be: {reason}',
    cause:
      "An application's field `X-Sendfile` or `X-Accel-Redirect` names a file that is not there, or not inside a folder of `x_sendfile`. The client got 404.",
    remedy:
      'Compare the value with the prefixes and folders of `x_sendfile`, and see whether `user` may read the file.',
  },
  fileUnreadable: {
    level: 'error',
    text: '{request} failed: cannot read its file in {folder}: {reason}',
    cause: 'A static file is there, but the gateway cannot open or read it.',
    remedy:
      'Give the account of `user` the right to read the folder and its files; raise the limit of open files if that is the reason.',
  },
  requestUnfinished: {
    level: 'warning',
    text: '{request} was cut short by the shutdown after {seconds} s; {outcome}',
    cause:
      'The request was still running when `graceful_timeout` had passed, or the server was stopped with SIGINT or SIGQUIT.',
    remedy: 'Raise `graceful_timeout` if such requests should finish.',
  },
  acceptFailed: {
    level: 'error',
    text: 'Cannot accept connections on {listener}: {reason}',
    cause: 'The kernel refused to accept a connection, mostly for want of descriptors or memory.',
    remedy: 'Raise the limit that the reason names. The connection stays in the backlog and is accepted later.',
  },
  connectionsTurnedAway: {
    level: 'warning',
    text: 'Turned away {count} connections: gateway_connections is {limit}',
    cause: 'More clients connected than `gateway_connections` allows. Each was answered 503.',
    remedy: 'Raise `gateway_connections`, or put more servers behind the load balancer.',
  },
  descriptorsExhausted: {
    level: 'error',
    text: 'Turned away {count} connections: nearly all of {limit} open files are in use. Raise the hard limit (ulimit -Hn, LimitNOFILE= of systemd), or lower gateway_connections',
    cause:
      'The last descriptors of a gateway are reserved for workers and spool files. Each connection was answered 503.',
    remedy:
      'Raise the hard limit of open files, or lower `gateway_connections`. The line is logged at most once a minute.',
  },
  connectionsUnlimited: {
    level: 'warning',
    text: 'gateway_connections sets no limit, but a process may have {limit} open files (ulimit -Hn): connections beyond about {possible} are turned away',
    cause: 'Each connection needs a descriptor, and `gateway_connections` is 0.',
    remedy: 'Raise the hard limit of open files, or set `gateway_connections` to what is possible.',
  },
  connectionLimitTooHigh: {
    level: 'warning',
    text: 'gateway_connections is {wanted}, but a process may have {limit} open files (ulimit -Hn): connections beyond about {possible} are turned away',
    cause:
      'Each connection needs a descriptor, and `gateway_connections` is higher than the limit of open files allows.',
    remedy: 'Raise the hard limit of open files, or lower `gateway_connections`.',
  },
  channelBroken: {
    level: 'error',
    text: "Closed a worker's channel: {reason}",
    cause: 'A worker sent bytes that are not a response. Its request is answered 502.',
    remedy: 'Check whether the application writes to descriptors that it did not open. Otherwise report it as a bug.',
  },
  answersMalformed: {
    level: 'error',
    text: 'Bytes in the answer pipe are not an answer: {reason}',
    cause:
      'A worker wrote something else into the pipe for short answers. The request, if it is known, is answered 502.',
    remedy: 'Check whether the application writes to descriptors that it did not open. Otherwise report it as a bug.',
  },
  spoolDirectoryMissing: {
    level: 'error',
    text: 'Cannot create {directory}: {reason}; requests whose bodies need it are answered 503',
    cause: 'The spool directory, for bodies that do not fit into memory, cannot be created.',
    remedy: 'Make the folder above it writable, or set `tmp_upload_dir` to one that is.',
  },
  errorLogNotOpened: {
    level: 'error',
    text: 'Cannot open the error log: {reason}; logging to standard error instead',
    cause: 'A gateway cannot open the file of `errorlog`, although the arbiter could.',
    remedy: 'Fix the path or its permissions, then restart or reload.',
  },
  accessLogNotOpened: {
    level: 'error',
    text: 'Cannot open the access log: {reason}; keeping the old one, if any',
    cause: 'A gateway cannot open the file of `accesslog`.',
    remedy: 'Fix the path or its permissions, then reload.',
  },
  accessLogFormatRejected: {
    level: 'error',
    text: 'Cannot use the new access_log_format: {reason}; keeping the old one',
    cause: 'The format is not one that Python can apply with `%`.',
    remedy: 'Correct `access_log_format`, then reload.',
  },
} as const;
