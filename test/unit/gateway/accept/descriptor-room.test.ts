// How many connections the descriptors of a process allow.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { connectionsWarning, isInReserve, toDescriptorRoom } from '../../../../src/gateway/accept/descriptor-room.ts';
import { GATEWAY_MESSAGES } from '../../../../src/log/catalog/gateway.ts';
import { entry } from '../../../../src/log/message.ts';

function limits(soft: string): string {
  return `Limit                     Soft Limit           Hard Limit           Units\nMax open files            ${soft.padEnd(20)} ${soft.padEnd(20)} files\n`;
}

test('an eighth of the descriptors is kept for other things than connections, within bounds', () => {
  for (const [limit, reserved] of [
    [128, 24],
    [1024, 128],
    [1_048_576, 1024],
  ] as const)
    assert.deepEqual(toDescriptorRoom(limits(String(limit))), { limit, reserved });
});

test('a connection is one too many when its descriptor is in the reserve, whatever uses those below', () => {
  const room = toDescriptorRoom(limits('1024'));
  assert.equal(isInReserve(room, 895), false);
  assert.equal(isInReserve(room, 896), true);
  // Closed before it was looked at.
  assert.equal(isInReserve(room, -1), false);
});

test('without a known limit there is no reserve, and no connection is too many', () => {
  for (const text of ['', limits('unlimited')]) {
    const room = toDescriptorRoom(text);
    assert.equal(isInReserve(room, 1_000_000), false);
    assert.equal(connectionsWarning(room, 0), null);
  }
});

test('a warning says how many connections the descriptors allow, if gateway_connections allows more', () => {
  const room = toDescriptorRoom(limits('1024'));
  assert.equal(connectionsWarning(room, 864), null);
  assert.deepEqual(
    connectionsWarning(room, 10_000),
    entry(GATEWAY_MESSAGES.connectionLimitTooHigh, { wanted: 10_000, limit: 1024, possible: 864 }),
  );
  assert.deepEqual(
    connectionsWarning(room, 0),
    entry(GATEWAY_MESSAGES.connectionsUnlimited, { limit: 1024, possible: 864 }),
  );
});
