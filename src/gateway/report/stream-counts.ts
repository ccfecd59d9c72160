// The number of connections in a gateway that last as long as the client listens: WebSockets, tunnels, event streams. Counted about once
// a second, and reported to the arbiter on change.

import type { FromGateway, StreamCounts } from '../../messages/between-arbiter-and-gateway.ts';
import { CONNECTION_STATES, type ConnectionStateName, zeroes } from '../../telemetry/snapshot/gateway-report.ts';
import type { ClientConnection } from '../connection/client-connection.ts';
import { awaitsAnswer } from '../connection/connection-state.ts';

type Counted = Pick<ClientConnection, 'state'>;
type Kind = Exclude<keyof StreamCounts, 'generation'>;

/** One entry for each generation that has any. */
export function countStreams(connections: Iterable<Counted>): readonly StreamCounts[] {
  const found = new Map<number, Record<Kind | 'generation', number>>();
  for (const connection of connections) {
    const kind = kindOf(connection);
    if (kind === null) continue;
    const { state } = connection;
    const generation = 'exchange' in state ? (state.exchange.ticket?.pipe.generation ?? 0) : 0;
    const counts = found.get(generation) ?? { generation, webSockets: 0, tunnels: 0, eventStreams: 0 };
    counts[kind] += 1;
    found.set(generation, counts);
  }
  return [...found.values()].sort((one, other) => one.generation - other.generation);
}

/** All of them, by what they do. */
export function countConnections(
  connections: Iterable<Pick<ClientConnection, 'state' | 'isBusy'>>,
): Record<ConnectionStateName, number> {
  const counts = zeroes(CONNECTION_STATES);
  for (const connection of connections) counts[nameOf(connection)] += 1;
  return counts;
}

function nameOf({ state, isBusy }: Pick<ClientConnection, 'state' | 'isBusy'>): ConnectionStateName {
  switch (state.kind) {
    case 'reading':
      return isBusy ? 'active' : 'idle';
    case 'in-service':
      return state.exchange.isEventStream ? 'event_stream' : 'active';
    case 'taken-over':
      return state.by.kind;
    case 'flushing':
    case 'lingering':
    case 'closed':
      return 'closing';
  }
}

function kindOf(connection: Counted): Kind | null {
  const { state } = connection;
  if (state.kind === 'taken-over') return state.by.kind === 'websocket' ? 'webSockets' : 'tunnels';
  // Its worker may take long to notice that the client has left.
  const isHeard = state.kind === 'in-service' && awaitsAnswer(state);
  return isHeard && state.exchange.isEventStream ? 'eventStreams' : null;
}

export class StreamReport {
  readonly #connections: Iterable<ClientConnection>;
  readonly #send: (message: FromGateway) => void;
  /** The last report, as JSON; the arbiter initially assumes that there are none. */
  #lastReport = '[]';

  constructor(connections: Iterable<ClientConnection>, send: (message: FromGateway) => void) {
    this.#connections = connections;
    this.#send = send;
  }

  reportChanges(): void {
    const streams = countStreams(this.#connections);
    const text = JSON.stringify(streams);
    if (text === this.#lastReport) return;
    this.#lastReport = text;
    this.#send({ type: 'streams', streams });
  }
}
