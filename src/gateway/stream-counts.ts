// How many connections of a gateway are held for as long as somebody listens: WebSockets, tunnels, event streams. Counted when asked.

import type { ClientConnection } from './client-connection.ts';

export interface StreamCounts {
  readonly webSockets: number;
  readonly tunnels: number;
  readonly eventStreams: number;
}

export function countStreams(connections: Iterable<Pick<ClientConnection, 'state'>>): StreamCounts {
  const counts = { webSockets: 0, tunnels: 0, eventStreams: 0 };
  for (const { state } of connections) {
    if (state.kind === 'taken-over' && state.by.kind === 'websocket') counts.webSockets += 1;
    else if (state.kind === 'taken-over') counts.tunnels += 1;
    else if (state.kind === 'in-service' && state.exchange.isEventStream) counts.eventStreams += 1;
  }
  return counts;
}
