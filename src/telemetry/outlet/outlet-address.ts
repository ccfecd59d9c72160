// The addresses of the settings `syslog_addr` and `statsd_host`, in Gunicorn's forms. Pure.

export type OutletAddress =
  | { readonly kind: 'udp' | 'tcp'; readonly host: string; readonly port: number }
  /** `any`: datagrams if the socket accepts them, else a stream. */
  | { readonly kind: 'unix'; readonly path: string; readonly manner: 'datagrams' | 'stream' | 'any' };

const SYSLOG_PORT = 514;
const STATSD_PORT = 8125;

/** `udp://HOST[:PORT]`, `tcp://HOST[:PORT]` or `unix://PATH[#dgram|#stream]`; null for anything else. */
export function parseSyslogAddress(text: string): OutletAddress | null {
  const unix = /^unix:\/\/(.+?)(?:#(dgram|stream))?$/s.exec(text);
  if (unix !== null) {
    const manner = unix[2] === 'dgram' ? 'datagrams' : unix[2] === 'stream' ? 'stream' : 'any';
    return { kind: 'unix', path: unix[1] ?? '', manner };
  }
  const network = /^(udp|tcp):\/\/(.*)$/s.exec(text);
  if (network === null) return null;
  const target = parseHostAndPort(network[2] || 'localhost', SYSLOG_PORT);
  return target === null ? null : { kind: network[1] === 'tcp' ? 'tcp' : 'udp', ...target };
}

/** `HOST[:PORT]` or `unix://PATH`; null for anything else. */
export function parseStatsdAddress(text: string): OutletAddress | null {
  const unix = /^unix:\/\/(.+)$/s.exec(text);
  if (unix !== null) return { kind: 'unix', path: unix[1] ?? '', manner: 'datagrams' };
  const target = parseHostAndPort(text, STATSD_PORT);
  return target === null ? null : { kind: 'udp', ...target };
}

function parseHostAndPort(text: string, defaultPort: number): { readonly host: string; readonly port: number } | null {
  const found = /^(?:\[([0-9A-Fa-f:.]+)\]|([^\s:[\]/]+))(?::([0-9]{1,5}))?$/.exec(text);
  if (found === null) return null;
  const port = found[3] === undefined ? defaultPort : Number(found[3]);
  return port > 65535 ? null : { host: (found[1] ?? found[2] ?? '').toLowerCase(), port };
}
