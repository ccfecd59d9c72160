// Messages that only a bug in Tunicorn can cause.

export const INTERNAL_MESSAGES = {
  illegalMove: {
    level: 'error',
    text: 'Illegal state change: {what}',
    cause: 'An event came in a state that does not allow it: a bug in Tunicorn. The state stays as it was.',
    remedy: 'Report it, with the lines of the log before it.',
  },
} as const;
