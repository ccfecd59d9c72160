// The peers that may state, in header fields, where a request really came from: the setting forwarded_allow_ips, prepared so that a new
// connection costs one look-up.

import { BlockList, isIP } from 'node:net';
import { prefixLength } from '../../settings/kinds/ip-network.ts';

export interface TrustedPeers {
  /** `address` is the socket's remote address; null for a Unix socket, whose peers are local and always trusted. */
  trusts(address: string | null): boolean;
  /** `*`: every peer is trusted. */
  readonly trustsAll: boolean;
}

/** `allowed` is a list, or one string with commas: addresses, networks in CIDR form, or `*` for all. */
export function toTrustedPeers(setting: string, allowed: string | readonly string[]): TrustedPeers {
  const entries = (typeof allowed === 'string' ? allowed.split(',') : allowed)
    .map((entry) => entry.trim())
    .filter((entry) => entry !== '');
  if (entries.includes('*')) return { trusts: () => true, trustsAll: true };

  const networks = entries.map((entry) => toNetwork(setting, entry));
  // Node loads several modules for it, so it is made for the first address that is not known without it.
  let list: BlockList | null = null;
  // Connections of one proxy follow each other, and searching the list costs as much as the rest of accepting a connection.
  const known = new Map<string, boolean>();
  for (const { address, prefixBits } of networks) if (prefixBits === null) known.set(address, true);
  return {
    trustsAll: false,
    trusts(address) {
      if (address === null) return true;
      const remembered = known.get(address);
      if (remembered !== undefined) return remembered;
      const plain = withoutZone(address);
      const family = isIP(plain);
      // A header may claim anything, of any length: only addresses are worth caching.
      if (family === 0) return false;
      list ??= toBlockList(networks);
      const trusted = list.check(plain, family === 4 ? 'ipv4' : 'ipv6');
      if (address.length > LONGEST_ADDRESS) return trusted;
      if (known.size >= REMEMBERED_ADDRESSES) known.clear();
      known.set(address, trusted);
      return trusted;
    },
  };
}

const REMEMBERED_ADDRESSES = 1024;
/** An IPv6 address with an interface name. */
const LONGEST_ADDRESS = 64;

interface Network {
  readonly address: string;
  readonly family: 'ipv4' | 'ipv6';
  /** Null for a single address. */
  readonly prefixBits: number | null;
}

function toNetwork(setting: string, entry: string): Network {
  const slash = entry.indexOf('/');
  const address = slash < 0 ? entry : entry.slice(0, slash);
  const version = isIP(address);
  if (version === 0) throw invalidEntry(setting, entry);
  const family = version === 4 ? 'ipv4' : 'ipv6';
  if (slash < 0) return { address, family, prefixBits: null };
  const prefixBits = prefixLength(entry.slice(slash + 1), version === 4 ? 32 : 128);
  if (prefixBits === null) throw invalidEntry(setting, entry);
  return { address, family, prefixBits };
}

function toBlockList(networks: readonly Network[]): BlockList {
  const list = new BlockList();
  for (const { address, family, prefixBits } of networks) {
    if (prefixBits === null) list.addAddress(address, family);
    else list.addSubnet(address, prefixBits, family);
  }
  return list;
}

function invalidEntry(setting: string, entry: string): Error {
  return new Error(`${setting}: '${entry}' is not an IP address, a network such as 10.0.0.0/8 or fd00::/8, or '*'`);
}

/** A link-local IPv6 address carries its zone after `%`. (The BlockList knows that `::ffff:10.0.0.1` is 10.0.0.1.) */
function withoutZone(address: string): string {
  const zone = address.indexOf('%');
  return zone < 0 ? address : address.slice(0, zone);
}
