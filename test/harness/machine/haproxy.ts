// A real HAProxy in front of a server, with keep-alive connections that its clients share.

import type { Target } from '../clients/http-connection.ts';
import { LineLog } from '../line-log.ts';
import { freePort, type Scene } from '../scenario.ts';
import {
  DebianProgram,
  type FrontOptions,
  type FrontProxy,
  type ProxiedRequest,
  startProxy,
  stopProxy,
} from './front-proxy.ts';

export const haproxy: DebianProgram = new DebianProgram('haproxy');

/** The first section of a configuration: a log on standard error, of which no line is lost. */
export const HAPROXY_GLOBAL: string = `global
  # Threads would contend for the log and drop lines.
  nbthread 1
  log stderr format raw local0
  hard-stop-after 10s
`;

/**
 * It never retries, so that every loss is seen. But HAProxy does not log a request lost on a reused connection: it closes the client's
 * connection silently, so the client has to count.
 */
export async function startHaproxy(scene: Scene, server: Target, options: FrontOptions = {}): Promise<FrontProxy> {
  const port = await freePort();
  const target = { host: '127.0.0.1', port };
  const path = scene.write(`haproxy-${port}.conf`, configuration(port, server, options));
  const log = new LineLog();
  const child = await startProxy(scene, haproxy, ['-db', '-f', path], target, (text) => log.append(text));
  return {
    target,
    stop: async () => {
      await stopProxy(child, 'SIGUSR1');
      log.end();
      const requests = log.lines.filter((line) => line.startsWith('request ')).map(toRequest);
      // HAProxy logs errors only as the end of each request.
      const faults = requests.filter((request) => request.fate === 'lost').map((request) => request.logLine);
      return { requests, faults };
    },
  };
}

function configuration(port: number, server: Target, options: FrontOptions): string {
  const { manners = 'strict', clientTimeoutMs = 60_000, serverTimeoutMs = 60_000 } = options;
  const address = 'path' in server ? `unix@${server.path}` : `${server.host}:${server.port}`;
  const lenient = manners === 'lenient';
  return `
${HAPROXY_GLOBAL}defaults
  mode http
  log global
  option dontlognull
  log-format "request %ts %ST id=%[capture.req.hdr(0)] %r"
  timeout connect 5s
  timeout client ${clientTimeoutMs}ms
  timeout http-request ${clientTimeoutMs}ms
  timeout http-keep-alive ${clientTimeoutMs}ms
  timeout server ${serverTimeoutMs}ms
  http-reuse always
  retries 0
frontend front
  bind 127.0.0.1:${port}
  ${lenient ? 'option accept-invalid-http-request' : ''}
  http-request capture req.hdr(X-Id) len 64
  default_backend server
backend server
  ${lenient ? 'option accept-invalid-http-response' : ''}
  server tunicorn ${address}
`;
}

/** The termination state. Without cookies only its first two letters matter: which side ended the request, and when. */
function toRequest(logLine: string): ProxiedRequest {
  const match = /^request (\S)(\S)\S* (-?\d+) id=(\S*) (.*)$/.exec(logLine);
  if (match === null) throw new Error(`not a line of the HAProxy log: ${logLine}`);
  const [, cause = '', phase = '', status = '', id = '', requestLine = ''] = match;
  return { requestLine, id, status: Number(status), fate: fateOf(cause, phase), logLine };
}

function fateOf(cause: string, phase: string): ProxiedRequest['fate'] {
  if (cause === '-') return 'answered';
  // Not yet read, queued, or connected: R, Q, C.
  if ('RQC'.includes(phase)) return 'kept';
  return cause.toLowerCase() === 'c' ? 'broken-off' : 'lost';
}
