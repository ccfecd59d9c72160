// The processes that listen at an address, from /proc.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { eldest, programName, tcpListeners, unixListeners } from '../../../../src/arbiter/sockets/socket-holders.ts';

const TCP = `  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 0100007F:1F40 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 41001 1 0 100 0 0 10 0
   1: 0100007F:1F41 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 41002 1 0 100 0 0 10 0
   2: 0100007F:1F40 0100007F:C350 01 00000000:00000000 00:00000000 00000000     0        0 41003 1 0 100 0 0 10 0
`;

const TCP6 = `  sl  local_address                         remote_address                        st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 00000000000000000000000000000000:1F40 00000000000000000000000000000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 41010 1 0 100 0 0 10 0
`;

const UNIX = `Num       RefCount Protocol Flags    Type St Inode Path
0000000000000000: 00000002 00000000 00010000 0001 01 51001 /run/app.sock
0000000000000000: 00000003 00000000 00000000 0001 03 51002 /run/app.sock
0000000000000000: 00000002 00000000 00010000 0001 01 51003 /run/my shop.sock
0000000000000000: 00000002 00000000 00000000 0002 01 51004
`;

test('sockets that listen on a port are found by it, connections of it are not', () => {
  assert.deepEqual(tcpListeners(TCP, 8000), ['41001']);
  assert.deepEqual(tcpListeners(TCP6, 8000), ['41010']);
  assert.deepEqual(tcpListeners(TCP, 80), []);
  assert.deepEqual(tcpListeners('', 8000), []);
});

test('Unix sockets that listen are found by their path', () => {
  assert.deepEqual(unixListeners(UNIX, ['app.sock', '/run/app.sock']), ['51001']);
  assert.deepEqual(unixListeners(UNIX, ['/run/my shop.sock']), ['51003']);
  assert.deepEqual(unixListeners(UNIX, ['/run/none']), []);
});

test('of a server and its workers the server is named', () => {
  const main = { pid: 10, parent: 1, name: 'nginx' };
  const other = { pid: 30, parent: 1, name: 'python3' };
  assert.deepEqual(eldest([main, { pid: 11, parent: 10, name: 'nginx' }, other]), [main, other]);
});

test('a program whose name the kernel has cut is named by its arguments', () => {
  assert.equal(programName('nginx', 'nginx: master process /usr/sbin/nginx\0'), 'nginx');
  assert.equal(programName('tunicorn: arbit', 'tunicorn: arbiter [shop:app]\0\0\0'), 'tunicorn: arbiter [shop:app]');
  assert.equal(programName('a-program-with-', '/usr/bin/a-program-with-a-name\0--flag\0'), 'a-program-with-a-name');
  assert.equal(programName('a-program-with-', ''), 'a-program-with-');
});
