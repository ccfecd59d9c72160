// Messages about the address for probes and metrics.

export const ADMIN_MESSAGES = {
  adminAddress: {
    level: 'info',
    text: 'Probes and metrics at: {address}',
    cause: 'The setting `admin_bind`: /livez, /readyz, /metrics and /status are answered there.',
    remedy: 'Nothing.',
  },
  adminRequestFailed: {
    level: 'error',
    text: 'A request to the admin address could not be answered: {reason}',
    cause:
      'A file in /proc has an unexpected form, or there is a bug in Tunicorn. The client gets 500; the application is not affected.',
    remedy: 'Report it.',
  },
  adminAddressOpen: {
    level: 'warning',
    text: 'Everyone who can reach {addresses} can read the metrics and the status of this server: admin_token is not set',
    cause: '`admin_bind` names an address that other machines may reach, and `admin_token` is not set.',
    remedy:
      'Set `admin_token`, which the probes /livez and /readyz do not need, or bind to 127.0.0.1 or a Unix socket, or let only the right machines connect.',
  },
} as const;
