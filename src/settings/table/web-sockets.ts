// How the gateway speaks WebSocket with the clients of ASGI applications. Part of ../settings.ts.

export const WEB_SOCKETS = {
  websocket_max_message_size: {
    section: 'Gateway',
    flags: ['--websocket-max-message-size'],
    metavar: 'INT',
    kind: 'uint',
    max: 2147483647,
    default: 16777216,
    summary: 'Bytes that a message from a WebSocket client may have; 0 means no limit.',
    detail:
      'A longer one closes the WebSocket with code 1009. The size is that of the message, not of its compressed form. An application that keeps a message for each of N WebSockets takes N times that size: set it to what is needed.',
    own: true,
    usedBy: ['gateway'],
    reloadable: true,
  },
  websocket_ping_interval: {
    section: 'Gateway',
    flags: ['--websocket-ping-interval'],
    metavar: 'INT',
    kind: 'uint',
    default: 20,
    summary: 'Seconds after which a WebSocket client is sent a ping; 0 means never.',
    own: true,
    usedBy: ['gateway'],
    reloadable: true,
  },
  websocket_ping_timeout: {
    section: 'Gateway',
    flags: ['--websocket-ping-timeout'],
    metavar: 'INT',
    kind: 'uint',
    default: 20,
    summary: 'Seconds within which a WebSocket client has to answer a ping; 0 means no limit.',
    detail: `Anything that it sends counts as an answer. The connection of one that does not answer is cut; for the application
      the WebSocket ends with code 1006.`,
    own: true,
    usedBy: ['gateway'],
    reloadable: true,
  },
  websocket_compression: {
    section: 'Gateway',
    flags: ['--websocket-compression'],
    kind: 'bool',
    default: false,
    summary: 'Compress WebSocket messages for clients that offer permessage-deflate.',
    detail: `Messages under 1024 bytes are sent as they are. Each message is compressed by itself, so that an idle
      WebSocket keeps no compressor in memory.`,
    own: true,
    usedBy: ['gateway'],
    reloadable: true,
  },
} as const;
