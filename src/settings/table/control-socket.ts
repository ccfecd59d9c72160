// Settings of the socket that controls a running server.

export const CONTROL_SOCKET = {
  control_socket: {
    section: 'Control Socket',
    flags: ['--control-socket'],
    metavar: 'PATH',
    kind: 'string',
    default: '~/.gunicorn/gunicorn.ctl',
    environment: { variable: 'XDG_RUNTIME_DIR', value: '$XDG_RUNTIME_DIR/gunicorn.ctl', whenEmpty: 'unset' },
    summary: 'The path of the control socket.',
    pending: 'control socket',
    usedBy: ['arbiter'],
    reloadable: true,
  },
  control_socket_mode: {
    section: 'Control Socket',
    flags: ['--control-socket-mode'],
    metavar: 'INT',
    kind: 'auto int',
    max: 0o777,
    default: 0o600,
    summary: 'The permission bits of the control socket.',
    pending: 'control socket',
    usedBy: ['arbiter'],
    reloadable: true,
  },
  control_socket_disable: {
    section: 'Control Socket',
    flags: ['--no-control-socket'],
    kind: 'bool',
    default: false,
    summary: 'Disable the control socket.',
    usedBy: ['arbiter'],
    reloadable: true,
  },
} as const;
