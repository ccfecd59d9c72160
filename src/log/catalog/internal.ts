// Messages that only a bug in Tunicorn can cause.

export const INTERNAL_MESSAGES = {
  illegalMove: {
    level: 'error',
    text: 'Illegal state change: {what}',
    cause:
      'Something happened that must not happen in this state: a bug in Tunicorn. The event is ignored, the state stays as it was.',
    remedy: 'Report it, with the lines of the log before this one.',
  },
} as const;
