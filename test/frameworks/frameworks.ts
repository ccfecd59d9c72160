// The frameworks of the grid: the location of each application, its preparation, the features that it lacks, and the known failures.
// Folders are named after frameworks; an application has all routes that `without` does not name.

import type { Check } from './check.ts';
import { CHECKS } from './checks.ts';
import { COLUMNS, type Column, type Dialect } from './columns.ts';
import { adminOf, browsableApi, documentedApi } from './own-pages.ts';

export interface Framework {
  readonly name: string;
  /** On PyPI, for its version. */
  readonly packages: readonly string[];
  readonly folder: string;
  /** `MODULE:CALLABLE`, in the folder. */
  readonly app: string;
  readonly dialect: Dialect;
  /** Python commands that create its site, run in the folder; its database and files go to GRID_DIR. */
  readonly prepare?: readonly (readonly string[])[];
  /** Folders on Python's path, besides its own. `$GRID_DIR` is the site's. */
  readonly path?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** Checks that do not apply, with the reason. */
  readonly without?: Readonly<Record<string, string>>;
  /** Checks that fail, with the reason: column, then check. */
  readonly fails?: Readonly<Record<string, Readonly<Record<string, string>>>>;
  /** The framework's own pages: an admin, API documentation. */
  readonly own?: Check;
  /** Replaces the table of checks. */
  readonly checks?: readonly Check[];
}

const noWebSocket = (reason: string): Record<string, string> => ({
  WebSocket: reason,
  'close code': reason,
  subprotocol: reason,
});
const wsgiOnly = noWebSocket('WSGI has no WebSockets; Flask-Sock and similar packages take over the socket themselves');
const byChannels = noWebSocket("Django's own ASGI handler serves HTTP only; Channels adds WebSocket");
const collected = "Tornado's WSGIContainer sends a response only when it is complete";
const underTornado = { tornado: { stream: collected, SSE: collected } };
const migrated = [
  ['-m', 'django', 'migrate', '--verbosity', '0'],
  ['-m', 'django', 'createsuperuser', '--noinput', '--username', 'admin', '--email', 'a@test.example'],
  ['-m', 'django', 'collectstatic', '--noinput', '--verbosity', '0'],
];
const site = {
  prepare: migrated,
  path: ['django'],
  env: { DJANGO_SETTINGS_MODULE: 'grid.settings', DJANGO_SUPERUSER_PASSWORD: 'a superuser of the grid' },
};
const settings = (module: string): typeof site => ({ ...site, env: { ...site.env, DJANGO_SETTINGS_MODULE: module } });
const djangoAdmin = adminOf('/admin/', /Site administration/, '/static/admin/css/base.css');
const django = { packages: ['Django'], folder: 'django', ...site, own: djangoAdmin };
const cms = {
  ...settings('cms_settings'),
  packages: ['wagtail', 'Django'],
  folder: 'wagtail',
  path: ['django', '$GRID_DIR/site'],
  prepare: [['start_site.py'], ...migrated],
  own: adminOf('/admin/', /Dashboard/, '/static/wagtailadmin/css/core.css'),
};

export const FRAMEWORKS: readonly Framework[] = [
  { name: 'Django', ...django, app: 'grid.wsgi:application', dialect: 'wsgi', without: wsgiOnly, fails: underTornado },
  {
    ...settings('rest_settings'),
    name: 'Django REST framework',
    packages: ['djangorestframework', 'Django'],
    folder: 'drf',
    app: 'rest_wsgi:application',
    dialect: 'wsgi',
    fails: underTornado,
    own: browsableApi,
    without: wsgiOnly,
  },
  { name: 'Wagtail', ...cms, app: 'cms_wsgi:application', dialect: 'wsgi', without: wsgiOnly, fails: underTornado },
  {
    name: 'Flask',
    packages: ['Flask'],
    folder: 'flask',
    app: 'app:app',
    dialect: 'wsgi',
    without: wsgiOnly,
    fails: underTornado,
  },
  {
    name: 'Flask-Sock',
    packages: ['flask-sock', 'simple-websocket'],
    folder: 'flask_sock',
    app: 'app:app',
    dialect: 'wsgi',
    fails: { tornado: noWebSocket("Tornado's WSGIContainer gives the application no socket") },
    without: allBut(
      ['page', 'error', '404', ...Object.keys(wsgiOnly)],
      "Everything else is Flask's, which has its own row",
    ),
  },
  {
    name: 'Falcon (WSGI)',
    packages: ['falcon'],
    folder: 'falcon_wsgi',
    app: 'app:app',
    dialect: 'wsgi',
    fails: underTornado,
    without: { session: 'Falcon has no sessions', ...wsgiOnly },
  },
  {
    name: 'Pyramid',
    packages: ['pyramid'],
    folder: 'pyramid',
    app: 'app:app',
    dialect: 'wsgi',
    without: wsgiOnly,
    fails: underTornado,
  },
  {
    name: 'Bottle',
    packages: ['bottle'],
    folder: 'bottle',
    app: 'app:app',
    dialect: 'wsgi',
    fails: underTornado,
    without: { session: 'Bottle has no sessions', ...wsgiOnly },
  },
  {
    name: 'FastAPI by a2wsgi',
    packages: ['fastapi', 'a2wsgi'],
    folder: 'fastapi',
    app: 'adapted:app',
    dialect: 'wsgi',
    fails: underTornado,
    own: documentedApi,
    without: wsgiOnly,
  },
  {
    name: 'Tornado',
    packages: ['tornado'],
    folder: 'tornado',
    app: 'app:app',
    dialect: 'tornado',
    without: { session: 'Tornado has no sessions' },
  },
  { name: 'Django (ASGI)', ...django, app: 'grid.asgi:application', dialect: 'asgi', without: byChannels },
  { name: 'Wagtail (ASGI)', ...cms, app: 'cms_asgi:application', dialect: 'asgi', without: byChannels },
  {
    ...settings('live_settings'),
    name: 'Channels',
    packages: ['channels', 'Django'],
    folder: 'channels',
    app: 'live_asgi:application',
    dialect: 'asgi',
    own: djangoAdmin,
  },
  { name: 'FastAPI', packages: ['fastapi'], folder: 'fastapi', app: 'app:app', dialect: 'asgi', own: documentedApi },
  { name: 'Starlette', packages: ['starlette'], folder: 'starlette', app: 'app:app', dialect: 'asgi' },
  { name: 'Quart', packages: ['Quart'], folder: 'quart', app: 'app:app', dialect: 'asgi' },
  {
    name: 'Litestar',
    packages: ['litestar'],
    folder: 'litestar',
    app: 'app:app',
    dialect: 'asgi',
    without: { 304: 'Litestar sends an entity tag with static files but ignores `If-None-Match`' },
  },
  {
    name: 'Flask by WsgiToAsgi',
    packages: ['Flask', 'asgiref'],
    folder: 'flask',
    app: 'adapted:app',
    dialect: 'asgi',
    without: noWebSocket("asgiref's WsgiToAsgi adapts HTTP only"),
  },
  {
    name: 'Falcon (ASGI)',
    packages: ['falcon'],
    folder: 'falcon_asgi',
    app: 'app:app',
    dialect: 'asgi',
    without: { session: 'Falcon has no sessions' },
  },
];

/** The checks that apply to a framework. */
export function checksOf(framework: Framework): readonly Check[] {
  if (framework.checks !== undefined) return framework.checks;
  const common = CHECKS.filter(({ name }) => framework.without?.[name] === undefined);
  return framework.own === undefined ? common : [...common, framework.own];
}

export function columnsOf({ dialect }: Framework): readonly Column[] {
  return COLUMNS.filter((column) => column.dialects.includes(dialect));
}

function allBut(names: readonly string[], reason: string): Record<string, string> {
  const others = CHECKS.filter(({ name }) => !names.includes(name));
  return Object.fromEntries(others.map(({ name }) => [name, reason]));
}
