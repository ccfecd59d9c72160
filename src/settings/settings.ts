// The table of settings, each declared once, and the types that follow from it.

import type { Declaration, Declarations, ValueOf } from './setting.ts';
import { ASGI } from './table/asgi.ts';
import { CONFIG_FILE } from './table/config-file.ts';
import { CONTROL_SOCKET } from './table/control-socket.ts';
import { DIRTY } from './table/dirty.ts';
import { GATEWAY } from './table/gateway.ts';
import { HEALTH } from './table/health.ts';
import { HOOKS } from './table/hooks.ts';
import { HTTP_REQUESTS } from './table/http-requests.ts';
import { HTTP_RESPONSES } from './table/http-responses.ts';
import { HTTP2 } from './table/http2.ts';
import { LOG_SINKS } from './table/log-sinks.ts';
import { LOGGING } from './table/logging.ts';
import { PROCESS } from './table/process.ts';
import { RELOADING } from './table/reloading.ts';
import { SERVER_MECHANICS } from './table/server-mechanics.ts';
import { SERVER_SOCKET } from './table/server-socket.ts';
import { STATIC_FILES } from './table/static-files.ts';
import { TLS } from './table/tls.ts';
import { WEB_SOCKETS } from './table/web-sockets.ts';
import { WORKER_PROCESSES } from './table/worker-processes.ts';

type Table = typeof CONFIG_FILE &
  typeof SERVER_SOCKET &
  typeof WORKER_PROCESSES &
  typeof GATEWAY &
  typeof WEB_SOCKETS &
  typeof HTTP_REQUESTS &
  typeof HTTP_RESPONSES &
  typeof STATIC_FILES &
  typeof SERVER_MECHANICS &
  typeof PROCESS &
  typeof LOGGING &
  typeof LOG_SINKS &
  typeof HEALTH &
  typeof RELOADING &
  typeof HOOKS &
  typeof TLS &
  typeof HTTP2 &
  typeof ASGI &
  typeof DIRTY &
  typeof CONTROL_SOCKET;

const table: Table = {
  ...CONFIG_FILE,
  ...SERVER_SOCKET,
  ...WORKER_PROCESSES,
  ...GATEWAY,
  ...WEB_SOCKETS,
  ...HTTP_REQUESTS,
  ...HTTP_RESPONSES,
  ...STATIC_FILES,
  ...SERVER_MECHANICS,
  ...PROCESS,
  ...LOGGING,
  ...LOG_SINKS,
  ...HEALTH,
  ...RELOADING,
  ...HOOKS,
  ...TLS,
  ...HTTP2,
  ...ASGI,
  ...DIRTY,
  ...CONTROL_SOCKET,
};

export type SettingName = keyof Table;

/** Every setting's value, by Gunicorn's name. */
export type Settings = { readonly [Name in SettingName]: ValueOf<Table[Name]> };

/** In the order of the sections in --help. */
export const SETTINGS: readonly (readonly [SettingName, Declaration])[] = Object.entries(
  table satisfies Declarations,
) as [SettingName, Declaration][];

export function isSettingName(name: string): name is SettingName {
  return Object.hasOwn(table, name);
}
