// Which listening sockets a reload has to close and open when the setting `bind` has changed. Pure.

import { type BindAddress, isSameBind, mayCollide } from '../../settings/kinds/bind-address.ts';

export interface ListenerPlan<L> {
  readonly close: readonly L[];
  readonly open: readonly BindAddress[];
  /** Listeners of `close` that keep one of `open` from being bound; the others can wait until the new ones listen. */
  readonly closeFirst: readonly L[];
}

export function planListeners<L extends { readonly bind: BindAddress }>(
  current: readonly L[],
  wanted: readonly BindAddress[],
): ListenerPlan<L> {
  const others = [...current];
  const open: BindAddress[] = [];
  for (const bind of wanted) {
    const found = others.findIndex((listener) => isSameBind(listener.bind, bind));
    if (found < 0) open.push(bind);
    else others.splice(found, 1);
  }
  const closeFirst = others.filter((listener) => open.some((bind) => mayCollide(listener.bind, bind)));
  return { close: others, open, closeFirst };
}
