// Messages about the logs themselves; those of Python processes are in python/tunicorn/log/catalog/logs.py.

export const LOG_MESSAGES = {
  logNotReopened: {
    level: 'error',
    text: 'Cannot reopen the {log}: {reason}; keeping the old file',
    cause: 'After SIGUSR1, or at a reload, the new file of the log could not be opened.',
    remedy: 'Fix the path or its permissions, then send SIGUSR1 again. Until then lines go to the old, renamed file.',
  },
  errorLogNotChanged: {
    level: 'error',
    text: 'Cannot switch to the new error log: {reason}; keeping the old one',
    cause: 'A reload names another `errorlog`, which cannot be opened.',
    remedy: 'Fix the path or its permissions, then reload again.',
  },
  logNotWritten: {
    level: 'error',
    text: 'Cannot write the {log}: {reason}',
    cause:
      'A write to the log failed, mostly because its disk is full. Lines are kept in memory meanwhile, up to 4 MiB.',
    remedy: 'Make room on the disk. The lines in memory are written as soon as a write succeeds.',
  },
  logLinesDropped: {
    level: 'error',
    text: 'Dropping lines of the {log}: too many are waiting to be written',
    cause:
      'The disk is full or slow, or the reader of the pipe does not read, and the memory for waiting lines is used up.',
    remedy: 'Make room on the disk, or find out why the reader of the pipe is stuck. Requests are served meanwhile.',
  },
  logWrittenAgain: {
    level: 'error',
    text: 'Writing to the {log} again; lines dropped so far: {count}',
    cause: 'Writing to the log works again after it had failed.',
    remedy: 'Nothing. The count says how many lines this process has lost since it started.',
  },
  logCutShort: {
    level: 'error',
    text: 'Closing the {log} before everything was written: {reason}',
    cause: 'The process ends, or the log moves to another file, while writing still fails.',
    remedy: 'The last lines are lost. Make room on the disk before the next stop.',
  },
  accessLinesDropped: {
    level: 'error',
    text: 'Dropped lines of the access log ({count}): too many were waiting to be written',
    cause: "Python's loggers write the access log (`logger_class` or a log configuration), and cannot keep up.",
    remedy:
      'Use a faster log handler, or log less; without `logger_class` and log configuration the gateways write it.',
  },
} as const;
