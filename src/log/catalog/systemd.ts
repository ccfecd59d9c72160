// Messages about the service manager.

export const SYSTEMD_MESSAGES = {
  notNotified: {
    level: 'warning',
    text: 'Cannot notify the service manager at NOTIFY_SOCKET={address}: {reason}',
    cause: 'The socket named by NOTIFY_SOCKET cannot be opened or written to.',
    remedy: 'With `Type=notify` systemd will consider the start failed: use `Type=exec`, or make the socket reachable.',
  },
} as const;
