// Checks the forms of syslog_addr and statsd_host. Pure.

const PORT_LIMIT = 65536;

/** unix://PATH, optionally with #dgram or #stream; udp://HOST or tcp://HOST, optionally with :PORT. */
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

/** A name or address (IPv6 in brackets), with or without a port. */
function isHost(text: string): boolean {
  const found = /^(?:\[[0-9a-f:.]+\]|[^\s:/[\]]+)(?::([0-9]+))?$/i.exec(text);
  return found !== null && (found[1] === undefined || Number(found[1]) < PORT_LIMIT);
}
