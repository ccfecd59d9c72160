// Messages about generations: a forkserver and its workers, which a reload replaces.

export const GENERATION_MESSAGES = {
  serving: {
    level: 'info',
    text: 'Generation {generation} is serving',
    cause: 'Enough workers are ready, and all gateways send their requests to them.',
    remedy: 'Nothing.',
  },
  boots: {
    level: 'info',
    text: 'Generation {generation} boots {workers} workers, {processors} at a time: one per processor',
    cause: 'There are more workers than processors: booting all of them together would make all of them late.',
    remedy: 'Nothing.',
  },
  superseded: {
    level: 'info',
    text: 'Generation {generation} is abandoned for a newer one',
    cause: 'Another reload was requested before this one had finished.',
    remedy: 'Nothing.',
  },
  gaveUp: {
    level: 'error',
    text: 'Generation {generation} gave up: {reason}; generation {serving} keeps serving',
    cause: 'A reload failed. The workers of before serve with the settings and code of before.',
    remedy: 'Correct what the line names, then reload again.',
  },
  bootTraceback: {
    level: 'error',
    text: '{bootTraceback}',
    cause: 'The traceback of an application or configuration file that cannot be loaded.',
    remedy: 'Correct the error that it shows.',
  },
  streamsRemain: {
    level: 'info',
    text: 'Generation {generation} still has {streams}; they may go on for {seconds} s',
    cause: 'The generation drains while clients hold WebSockets, tunnels or event streams open.',
    remedy: 'Nothing. `graceful_timeout` sets the time.',
  },
  forkserverGone: {
    level: 'error',
    text: 'The forkserver of generation {generation} {how}; starting a new one',
    cause: 'The forkserver ended unexpectedly. Its workers serve until a new generation replaces them.',
    remedy: 'If it was not killed on purpose, check for a lack of memory.',
  },
  forkserverHangs: {
    level: 'critical',
    text: 'The forkserver (pid:{pid}) did not fork a worker within timeout ({seconds} s); killing it',
    cause: 'The forkserver does not answer: a hook or a thread of the application blocks it, or it was stopped.',
    remedy: 'Look for hooks that wait, such as `pre_fork`; or raise `timeout`.',
  },
  forkserverStays: {
    level: 'debug',
    text: 'Keeping the forkserver of generation {generation} for: {reasons}',
    cause: 'Threads or signal handlers of hooks live in the forkserver; ending it would end them.',
    remedy: 'Nothing.',
  },
  malformedMessage: {
    level: 'error',
    text: 'Malformed message from forkserver (generation {generation}): {problem}',
    cause: 'The forkserver sent a line that is not a message. The line is ignored.',
    remedy: 'Check whether application code writes to a descriptor that it did not open. Otherwise report it as a bug.',
  },
  stateNotInherited: {
    level: 'warning',
    text: 'The serving forkserver did not answer within {seconds} s: generation {generation} starts without the attributes that hooks set on server',
    cause:
      'Before a reload, the forkserver is asked for the attributes that hooks set on `server`. It is busy or hangs.',
    remedy: 'Look for hooks or threads that block the forkserver.',
  },
} as const;
