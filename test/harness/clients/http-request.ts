// One request on its own connection, or its bytes for a connection of the test.

import { HttpConnection, type HttpResponse, type Target } from './http-connection.ts';

export interface RequestOptions {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Buffer;
  readonly version?: '1.0' | '1.1';
}

/** The bytes of a request, with `Host` and, for a body, `Content-Length`. */
export function requestBytes(path: string, options: RequestOptions = {}): Buffer {
  const { method = 'GET', headers = {}, version = '1.1' } = options;
  const body = typeof options.body === 'string' ? Buffer.from(options.body, 'latin1') : options.body;
  const lines = [
    `${method} ${path} HTTP/${version}`,
    ...('Host' in headers ? [] : ['Host: test.example']),
    ...Object.entries(headers).map(([name, value]) => `${name}: ${value}`),
    ...(body === undefined ? [] : [`Content-Length: ${body.length}`]),
  ];
  const head = Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'latin1');
  return body === undefined ? head : Buffer.concat([head, body]);
}

export async function request(target: Target, path: string, options: RequestOptions = {}): Promise<HttpResponse> {
  const connection = await HttpConnection.open(target);
  try {
    const headers = { Connection: 'close', ...options.headers };
    await connection.send(requestBytes(path, { ...options, headers }));
    return await connection.response(options.method);
  } finally {
    connection.close();
  }
}

/** The body of a response, which must be a complete 200. */
export async function getText(target: Target, path: string = '/'): Promise<string> {
  const response = await request(target, path);
  const text = response.body.toString('latin1');
  if (response.status !== 200 || response.end !== 'complete') {
    throw new Error(`GET ${path} was answered ${response.status} (${response.end}): ${text.slice(0, 500)}`);
  }
  return text;
}
