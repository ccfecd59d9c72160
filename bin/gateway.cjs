// A gateway process; the arbiter starts it.
'use strict';

// A signal to the whole process group is meant for the arbiter, even before this process has loaded its own handlers.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT', 'SIGUSR1', 'SIGUSR2', 'SIGWINCH']) {
  process.on(signal, () => {});
}

void require('./load.cjs').load('gateway');
