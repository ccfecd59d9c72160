// Which mount a request's path is beneath. Pure.

import type { StaticMount } from '../../settings/static-mounts.ts';
import { percentDecode } from '../http1/head/percent-decode.ts';

export interface MountedPath<Mount extends StaticMount> {
  readonly mount: Mount;
  /** The rest of the path, still percent-encoded: empty, or with a slash at the start. */
  readonly rest: string;
}

/** The longest routes first, so that the most specific mount is found; without the slash at their ends, so that `/` is empty. */
export function toStaticMounts(pairs: readonly StaticMount[]): StaticMount[] {
  const mounts = pairs.map(({ route, folder }) => ({ route: bytesOf(route).replace(/\/$/, ''), folder }));
  return mounts.sort((one, other) => other.route.length - one.route.length);
}

/** `path` is percent-encoded, and begins with a slash if it is the path of a URL. */
export function findMount<Mount extends StaticMount>(
  path: string,
  mounts: readonly Mount[],
): MountedPath<Mount> | null {
  for (const mount of mounts) {
    const rest = restBeneath(path, mount.route);
    if (rest !== null) return { mount, rest };
  }
  return null;
}

function restBeneath(path: string, route: string): string | null {
  if (path.startsWith(route)) {
    const rest = path.slice(route.length);
    if (rest === '' ? route !== '' : rest.startsWith('/')) return rest;
  }
  return route === '' || !path.includes('%') ? null : restBeneathEncoded(path, route);
}

/** Each segment is decoded by itself: an encoded slash does not separate segments. */
function restBeneathEncoded(path: string, route: string): string | null {
  const wanted = route.split('/');
  const given = path.split('/');
  if (given.length < wanted.length) return null;
  if (!wanted.every((segment, at) => percentDecode(given[at] ?? '') === segment)) return null;
  return given.slice(wanted.length).reduce((rest, segment) => `${rest}/${segment}`, '');
}

/** The bytes of a route, one character each, as in a request's path. */
function bytesOf(route: string): string {
  return percentDecode(Buffer.from(route, 'utf8').toString('latin1'));
}
