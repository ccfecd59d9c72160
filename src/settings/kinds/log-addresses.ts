// The forms of syslog_addr and statsd_host. Called by kinds.ts. Pure.

const PORT_LIMIT = 65536;

/** unix://PATH, with #dgram or #stream behind it if need be; udp://HOST, tcp://HOST, with :PORT if need be. */
export function isSyslogAddress(text: string): boolean {
  if (text.startsWith('unix://')) return text.length > 'unix://'.length;
  const host = /^(?:udp|tcp):\/\/(.+)$/.exec(text)?.[1];
  return host !== undefined && isHost(host);
}

/** HOST, HOST:PORT or unix://PATH. */
export function isStatsdAddress(text: string): boolean {
  if (text.startsWith('unix://')) return text.length > 'unix://'.length;
  return isHost(text);
}

/** A name or an address, an IPv6 address in brackets, with or without a port. */
function isHost(text: string): boolean {
  const found = /^(?:\[[0-9a-f:.]+\]|[^\s:/[\]]+)(?::([0-9]+))?$/i.exec(text);
  return found !== null && (found[1] === undefined || Number(found[1]) < PORT_LIMIT);
}
