// Messages about listening sockets.

export const SOCKET_MESSAGES = {
  listeningAt: {
    level: 'info',
    text: 'Listening at: {addresses} ({pid})',
    cause: 'The sockets are open. Clients can connect from now on; they are answered once a worker is ready.',
    remedy: 'Nothing.',
    isGunicorns: true,
  },
  connectionInUse: {
    level: 'error',
    text: 'Connection in use: {address}',
    cause: 'Another process listens at the address. The server tries five times, once a second.',
    remedy: 'Stop the other process, or change `bind`.',
    isGunicorns: true,
  },
  invalidAddress: {
    level: 'error',
    text: 'Invalid address: {address}',
    cause: 'No network interface of this machine has the address yet. The server tries five times, once a second.',
    remedy: 'Correct `bind`, or start the server after the network is up.',
    isGunicorns: true,
  },
  connectionFailed: {
    level: 'error',
    text: 'connection to {address} failed: {error}',
    cause: 'What the kernel said to the attempt that the line before is about.',
    remedy: 'See the line before.',
    isGunicorns: true,
  },
  retrying: {
    level: 'debug',
    text: 'Retrying in 1 second.',
    cause: 'Binding an address failed for a reason that may pass.',
    remedy: 'Nothing.',
    isGunicorns: true,
  },
  cannotListen: {
    level: 'error',
    text: '{failure}',
    cause:
      "A listening socket cannot be opened at the start. The text begins with Gunicorn's `Can't connect to`, or names the descriptor and the reason; if another process listens there, it names that process.",
    remedy: 'Stop the other process, correct `bind`, or give this user the right to bind there.',
  },
  bindIgnored: {
    level: 'info',
    text: 'The setting bind is ignored: {giver} passed {sockets} ({variable})',
    cause: 'Listening sockets were inherited, from systemd (socket activation) or from an older arbiter (USR2).',
    remedy: 'Nothing. To use `bind`, start the server without the inherited sockets.',
  },
  listenFdsIgnored: {
    level: 'warning',
    text: 'LISTEN_FDS is ignored: it is meant for process {wanted}, but this is process {pid} (does a wrapper not use exec?)',
    cause: 'The sockets of systemd were meant for a process that started this one instead of becoming it.',
    remedy: 'Let the wrapper script start the server with `exec`.',
  },
  listenerNotSealed: {
    level: 'debug',
    text: 'Connections that arrive while the listener closes may be reset: {reason}',
    cause: 'The filter that keeps new connections out of a closing socket could not be attached in time.',
    remedy: 'Nothing, unless clients report resets: then let the proxy drain this server before it stops.',
  },
} as const;
