// WebSockets, tunnels and event streams are counted: by a gateway, for each generation; by the arbiter, over its gateways, and in words.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { StreamTotals } from '../../../../src/arbiter/gateways/stream-totals.ts';
import { inWords } from '../../../../src/arbiter/generations/drain-notice.ts';
import type { ConnectionState } from '../../../../src/gateway/connection/connection-state.ts';
import { countStreams } from '../../../../src/gateway/report/stream-counts.ts';

interface Said {
  readonly kind: ConnectionState['kind'];
  readonly by?: 'websocket' | 'tunnel';
  readonly generation?: number;
  readonly isEventStream?: boolean;
  readonly hasLeft?: boolean;
}

function connection({ kind, by, generation = 1, isEventStream = false, hasLeft = false }: Said) {
  const exchange = { isEventStream, ticket: { pipe: { generation } } };
  const client = hasLeft ? 'gone' : 'sending';
  const state = {
    kind,
    exchange,
    client,
    ...(by === undefined ? {} : { by: { kind: by } }),
  } as unknown as ConnectionState;
  return { state };
}

test('connections are counted by generation and kind; plain requests, and streams whose clients have left, are not', () => {
  const connections = [
    connection({ kind: 'taken-over', by: 'websocket', generation: 2 }),
    connection({ kind: 'taken-over', by: 'websocket', generation: 2 }),
    connection({ kind: 'taken-over', by: 'tunnel' }),
    connection({ kind: 'in-service', isEventStream: true }),
    connection({ kind: 'in-service', isEventStream: true, hasLeft: true }),
    connection({ kind: 'in-service', generation: 3 }),
    connection({ kind: 'reading' }),
  ];
  assert.deepEqual(countStreams(connections), [
    { generation: 1, webSockets: 0, tunnels: 1, eventStreams: 1 },
    { generation: 2, webSockets: 2, tunnels: 0, eventStreams: 0 },
  ]);
});

test('the last reports of the gateways are summed, until a gateway is gone', () => {
  const totals = new StreamTotals();
  totals.update(1, [{ generation: 1, webSockets: 9, tunnels: 9, eventStreams: 9 }]);
  totals.update(1, [
    { generation: 1, webSockets: 1, tunnels: 0, eventStreams: 2 },
    { generation: 2, webSockets: 4, tunnels: 0, eventStreams: 0 },
  ]);
  totals.update(2, [{ generation: 1, webSockets: 1, tunnels: 1, eventStreams: 0 }]);
  assert.deepEqual(totals.all(), { webSockets: 6, tunnels: 1, eventStreams: 2 });
  assert.deepEqual(totals.of(1), { webSockets: 2, tunnels: 1, eventStreams: 2 });
  totals.gatewayGone(1);
  assert.deepEqual(totals.all(), { webSockets: 1, tunnels: 1, eventStreams: 0 });
  assert.deepEqual(totals.of(2), { webSockets: 0, tunnels: 0, eventStreams: 0 });
});

for (const [counts, words] of [
  [[0, 0, 0], null],
  [[1, 0, 0], '1 WebSocket'],
  [[2, 0, 3], '2 WebSockets and 3 event streams'],
  [[2, 1, 1], '2 WebSockets, 1 tunnel and 1 event stream'],
] as const) {
  test(`${counts.join(', ')} is ${words ?? 'nothing worth a word'}`, () => {
    const [webSockets, tunnels, eventStreams] = counts;
    assert.equal(inWords({ webSockets, tunnels, eventStreams }), words);
  });
}
