// The bytes of a request in the uwsgi protocol, as a proxy sends them.

export type Variable = readonly [name: string, value: string];

/** The variables of nginx's uwsgi_params for `GET /seen?q=1` over HTTP. */
export const GET_SEEN: readonly Variable[] = [
  ['QUERY_STRING', 'q=1'],
  ['REQUEST_METHOD', 'GET'],
  ['CONTENT_TYPE', ''],
  ['CONTENT_LENGTH', ''],
  ['REQUEST_URI', '/seen?q=1'],
  ['PATH_INFO', '/seen'],
  ['DOCUMENT_ROOT', '/usr/share/nginx/html'],
  ['SERVER_PROTOCOL', 'HTTP/2.0'],
  ['REQUEST_SCHEME', 'http'],
  ['REMOTE_ADDR', '203.0.113.9'],
  ['REMOTE_PORT', '40001'],
  ['SERVER_PORT', '80'],
  ['SERVER_NAME', 'shop.example'],
  ['HTTP_HOST', 'shop.example'],
  ['HTTP_ACCEPT', '*/*'],
];

/** The given variables with others in their place, or after them. */
export function withVariables(variables: readonly Variable[], changes: Readonly<Record<string, string>>): Variable[] {
  const kept = variables.filter(([name]) => !Object.hasOwn(changes, name));
  return [...kept, ...Object.entries(changes)];
}

export function variablesBlock(variables: readonly Variable[]): Buffer {
  return Buffer.concat(variables.flat().map(counted));
}

export function uwsgiPacket(variables: readonly Variable[], body: string | Buffer = ''): Buffer {
  return Buffer.concat([uwsgiHeader(variablesBlock(variables).length), variablesBlock(variables), Buffer.from(body)]);
}

export function uwsgiHeader(size: number, modifier1: number = 0): Buffer {
  const header = Buffer.from([modifier1, 0, 0, 0]);
  header.writeUInt16LE(size, 1);
  return header;
}

function counted(text: string): Buffer {
  const bytes = Buffer.from(`\0\0${text}`, 'latin1');
  bytes.writeUInt16LE(text.length, 0);
  return bytes;
}
