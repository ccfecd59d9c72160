// A real nginx in front of a server, with keep-alive connections.

import { existsSync, readFileSync } from 'node:fs';
import type { Target } from '../clients/http-connection.ts';
import { freePort, type Scene } from '../scenario.ts';
import {
  DebianProgram,
  type FrontOptions,
  type FrontProxy,
  type ProxiedRequest,
  startProxy,
  stopProxy,
} from './front-proxy.ts';

export const nginx: DebianProgram = new DebianProgram('nginx');

/** It writes only to the scenario's directory, and never retries, so that every loss is seen. */
export async function startNginx(scene: Scene, server: Target, options: FrontOptions = {}): Promise<FrontProxy> {
  const port = await freePort();
  const target = { host: '127.0.0.1', port };
  const path = scene.write(`nginx-${port}.conf`, configuration(port, server, options));
  const errorLog = `nginx-${port}-error.log`;
  const user = process.getuid?.() === 0 ? ' user root;' : '';
  const args = ['-p', scene.dir, '-c', path, '-e', errorLog, '-g', `daemon off;${user}`];
  const child = await startProxy(scene, nginx, args, target);
  return {
    target,
    stop: async () => {
      await stopProxy(child, 'SIGQUIT');
      const requests = linesOf(scene.path(`nginx-${port}-access.log`)).map(toRequest);
      const faults = linesOf(scene.path(errorLog)).filter((line) => !/connect\(\) (to \S+ )?failed/.test(line));
      return { requests, faults };
    },
  };
}

function configuration(port: number, server: Target, options: FrontOptions): string {
  const { manners = 'strict', clientTimeoutMs = 60_000, serverTimeoutMs = 60_000 } = options;
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'];
  const address = 'path' in server ? `unix:${server.path}` : `${server.host}:${server.port}`;
  const lenient = ['ignore_invalid_headers off;', 'underscores_in_headers on;', 'merge_slashes off;'];
  return `
worker_processes 1;
pid nginx-${port}.pid;
error_log nginx-${port}-error.log error;
events {}
http {
  log_format account escape=json '$status\\t$upstream_bytes_sent\\t$upstream_header_time\\t$http_x_id\\t$request';
  access_log nginx-${port}-access.log account;
  client_max_body_size 10m;
  # A body in a file would be sent separately from its head, and wait 40 ms for a delayed acknowledgement.
  client_body_buffer_size 64k;
  client_header_timeout ${clientTimeoutMs}ms;
  client_body_timeout ${clientTimeoutMs}ms;
  keepalive_timeout ${clientTimeoutMs}ms;
  lingering_timeout ${clientTimeoutMs}ms;
  ${temporary.map((kind) => `${kind}_temp_path nginx-${port}-${kind};`).join('\n  ')}
  upstream server {
    server ${address} max_fails=0;
    keepalive 32;
  }
  server {
    listen 127.0.0.1:${port};
    ${manners === 'lenient' ? lenient.join('\n    ') : ''}
    ${options.protocol === 'uwsgi' ? uwsgiLocations(serverTimeoutMs) : httpLocation(manners, serverTimeoutMs)}
  }
}
`;
}

function httpLocation(manners: FrontOptions['manners'], serverTimeoutMs: number): string {
  return `location / {
      proxy_pass http://server;
      proxy_http_version 1.1;
      proxy_next_upstream off;
      proxy_read_timeout ${serverTimeoutMs}ms;
      ${manners === 'lenient' ? 'proxy_request_buffering off;' : ''}
      proxy_set_header Connection "";
      proxy_set_header Host $http_host;
      proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
      proxy_set_header X-Forwarded-Proto https;
    }`;
}

/** As nginx's file uwsgi_params; /shop is mounted, and /secure is as if this server had TLS. */
function uwsgiLocations(serverTimeoutMs: number): string {
  return `uwsgi_param QUERY_STRING $query_string;
    uwsgi_param REQUEST_METHOD $request_method;
    uwsgi_param CONTENT_TYPE $content_type;
    uwsgi_param CONTENT_LENGTH $content_length;
    uwsgi_param REQUEST_URI $request_uri;
    uwsgi_param PATH_INFO $document_uri;
    uwsgi_param DOCUMENT_ROOT $document_root;
    uwsgi_param SERVER_PROTOCOL $server_protocol;
    uwsgi_param REQUEST_SCHEME $scheme;
    uwsgi_param HTTPS $secure if_not_empty;
    uwsgi_param REMOTE_ADDR $remote_addr;
    uwsgi_param REMOTE_PORT $remote_port;
    uwsgi_param SERVER_PORT $server_port;
    uwsgi_param SERVER_NAME $server_name;
    uwsgi_param SCRIPT_NAME $mount;
    uwsgi_next_upstream off;
    uwsgi_read_timeout ${serverTimeoutMs}ms;
    uwsgi_buffer_size 16k;
    uwsgi_buffers 8 16k;
    set $secure "";
    set $mount "";
    location / {
      uwsgi_pass uwsgi://server;
    }
    location /shop/ {
      set $mount /shop;
      uwsgi_pass uwsgi://server;
    }
    location /secure/ {
      set $secure on;
      uwsgi_pass uwsgi://server;
    }`;
}

function toRequest(logLine: string): ProxiedRequest {
  const [status = '', sentBytes = '', headerTime = '', id = '', requestLine = ''] = logLine.split('\t');
  return { requestLine, id, status: Number(status), fate: fateOf(Number(status), sentBytes, headerTime), logLine };
}

/** The bytes sent to the server, and the time until the head of its response; `-` or empty if there were none. */
function fateOf(status: number, sentBytes: string, headerTime: string): ProxiedRequest['fate'] {
  if (/^[0-9]/.test(headerTime)) return 'answered';
  if (!/^[1-9]/.test(sentBytes)) return 'kept';
  return status < 500 ? 'broken-off' : 'lost';
}

function linesOf(path: string): string[] {
  if (!existsSync(path)) return [];
  return readFileSync(path, 'latin1')
    .split('\n')
    .filter((line) => line !== '');
}
