// Opens the outlet for an address.

import type { Outlet } from './outlet.ts';
import type { OutletAddress } from './outlet-address.ts';
import { RelayOutlet } from './relay-outlet.ts';
import { StreamOutlet } from './stream-outlet.ts';
import { UdpOutlet } from './udp-outlet.ts';

/** `python` is the interpreter for the relay to a Unix socket. */
export function openOutlet(address: OutletAddress, python: string): Outlet {
  switch (address.kind) {
    case 'udp':
      return new UdpOutlet(address.host, address.port);
    case 'tcp':
      return new StreamOutlet(address.host, address.port);
    case 'unix':
      return new RelayOutlet(python, address.path, address.manner);
  }
}
