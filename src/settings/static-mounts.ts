// The pairs of static_path_route and static_path_mount. Pure.

import type { Settings } from './settings.ts';

/** A folder, absolute, whose files are served beneath a prefix of the URL's path. */
export interface StaticMount {
  readonly route: string;
  readonly folder: string;
}

type Mounted = Pick<Settings, 'static_path_route' | 'static_path_mount'>;

export function staticMounts({ static_path_route: routes, static_path_mount: folders }: Mounted): StaticMount[] {
  return folders.flatMap((folder, at) => {
    const route = routes[at];
    return route === undefined ? [] : [{ route, folder }];
  });
}

/** The folders of x_sendfile, by the beginning of the field's value. */
export function sendfileMounts({ x_sendfile: pairs }: Pick<Settings, 'x_sendfile'>): StaticMount[] {
  return pairs.map((pair) => {
    const at = pair.indexOf('=');
    return { route: pair.slice(0, at), folder: pair.slice(at + 1) };
  });
}

/** Why they cannot be paired; null if they can. `areRoutesGiven`: not the default. */
export function unpairedMounts(
  { static_path_route: routes, static_path_mount: folders }: Mounted,
  areRoutesGiven: boolean,
): string | null {
  if (folders.length === 0 && !areRoutesGiven) return null;
  if (folders.length !== routes.length) {
    const counts = `static_path_route has ${routes.length}, static_path_mount has ${folders.length}`;
    return `Each route of static files needs one folder, and each folder one route: ${counts}`;
  }
  const same = routes.find((route, at) => routes.findIndex((other) => plain(other) === plain(route)) < at);
  return same === undefined ? null : `static_path_route names ${same} twice: a path can lead to one folder only`;
}

function plain(route: string): string {
  return route.replace(/\/$/, '');
}
