// What every response says of the server. Part of ../settings.ts.

export const HTTP_RESPONSES = {
  server_header: {
    section: 'HTTP Responses',
    flags: ['--server-header'],
    metavar: 'STRING',
    kind: 'field value',
    default: 'tunicorn',
    summary: 'What the field Server of every response says; an empty string leaves the field out.',
    detail: `An assignment to gunicorn.SERVER in the configuration file does the same, where this is not set. SERVER_SOFTWARE of the environ
      stays as it is.`,
    own: true,
    usedBy: ['gateway'],
    reloadable: true,
  },
  date_header: {
    section: 'HTTP Responses',
    flags: ['--no-date-header'],
    kind: 'bool',
    flagValue: false,
    default: true,
    summary: 'Whether every response has the field Date; the flag leaves it out.',
    detail: 'RFC 9110 asks a server that has a clock for it: leave it out only where a proxy adds it.',
    own: true,
    usedBy: ['gateway'],
    reloadable: true,
  },
  response_headers: {
    section: 'HTTP Responses',
    flags: ['--response-header'],
    metavar: 'NAME:VALUE',
    kind: 'field list',
    default: [],
    summary: 'Fields that every response has besides its own; the flag may be repeated.',
    detail: `Those that the server answers by itself have them, too. Fields that frame a message or are about the connection are not taken, nor
      are Server and Date, which have settings of their own. The application's fields of the same name stay.`,
    own: true,
    usedBy: ['gateway'],
    reloadable: true,
  },
} as const;
