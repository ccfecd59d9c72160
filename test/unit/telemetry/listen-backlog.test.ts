// The backlog of listening sockets, from the kernel's tables.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { backlogIn } from '../../../src/telemetry/listen-backlog.ts';

const TABLE = `  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 0100007F:1F90 00000000:0000 0A 00000000:0000000C 00:00000000 00000000     0        0 1 1 0 100 0 0 10 0
   1: 00000000:1F90 00000000:0000 0A 00000000:00000002 00:00000000 00000000     0        0 2 1 0 100 0 0 10 0
   2: 00000000000000000000000001000000:1F90 00000000000000000000000000000000:0000 0A 00000000:00000003 00:00000000 0 0 0 3
   3: 0100007F:1F90 0100007F:C350 01 00000000:000000FF 00:00000000 00000000     0        0 4 1 0 20 4 30 10 -1
`;

test('backlogIn() adds up the listening sockets that it is asked for, and nothing else', () => {
  assert.equal(backlogIn(TABLE, new Set(['127.0.0.1 8080'])), 12);
  assert.equal(backlogIn(TABLE, new Set(['127.0.0.1 8080', '0.0.0.0 8080'])), 14);
  assert.equal(backlogIn(TABLE, new Set(['[::1] 8080'])), 3);
  assert.equal(backlogIn(TABLE, new Set(['127.0.0.1 8081'])), 0);
});
