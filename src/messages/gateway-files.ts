// Where the files of one gateway are: apart from the other gateways' files, so that the arbiter can remove them when it was killed.

import path from 'node:path';

/** The socket that workers connect their channels to. */
export function channelSocketPath(runtimeDir: string, gateway: number): string {
  return path.join(runtimeDir, `gateway-${gateway}.sock`);
}

/** The directory for its spooled bodies; the gateway makes it. */
export function gatewaySpoolDir(spoolDir: string, gateway: number): string {
  return path.join(spoolDir, `gateway-${gateway}`);
}
