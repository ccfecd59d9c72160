import assert from 'node:assert/strict';
import { test } from 'node:test';
import { toTrustedPeers } from '../../../../src/gateway/accept/trusted-peers.ts';

test('trusts() knows addresses and networks of both families', () => {
  const peers = toTrustedPeers('forwarded_allow_ips', ' 127.0.0.1, ::1 ,10.0.0.0/8,192.168.1.7/24,fd00::/8,');
  for (const address of [
    '127.0.0.1',
    '::1',
    '10.255.0.1',
    '192.168.1.200',
    'fd12::1',
    '::ffff:10.1.2.3',
    '0:0:0:0:0:0:0:1',
    'fd00::1%eth0',
  ]) {
    assert.equal(peers.trusts(address), true, address);
  }
  for (const address of [
    '127.0.0.2',
    '::2',
    '11.0.0.1',
    '192.168.2.1',
    'fe80::1',
    '::ffff:11.1.2.3',
    '',
    'localhost',
    '10.0.0',
  ]) {
    assert.equal(peers.trusts(address), false, address);
  }
});

test('trusts() knows an IPv4 network by its mask, as the settings accept it', () => {
  const peers = toTrustedPeers('forwarded_allow_ips', ['10.1.0.0/255.255.0.0', '192.168.7.7/255.255.255.255']);
  for (const address of ['10.1.255.1', '192.168.7.7']) assert.equal(peers.trusts(address), true, address);
  for (const address of ['10.2.0.1', '192.168.7.8']) assert.equal(peers.trusts(address), false, address);
  assert.equal(toTrustedPeers('forwarded_allow_ips', ['0.0.0.0/0.0.0.0']).trusts('8.8.8.8'), true);
});

test('trusts() trusts the peer of a Unix socket, and every peer for *', () => {
  assert.equal(toTrustedPeers('forwarded_allow_ips', []).trusts(null), true);
  assert.equal(toTrustedPeers('forwarded_allow_ips', []).trusts('127.0.0.1'), false);
  assert.equal(toTrustedPeers('forwarded_allow_ips', ['10.0.0.1', '*']).trusts('8.8.8.8'), true);
});

test('an entry that is neither is named with its setting', () => {
  for (const entry of [
    'localhost',
    '10.0.0',
    '10.0.0.0/33',
    '10.0.0.0/',
    '10.0.0.0/x',
    '::/129',
    '10.0.0.1/8/8',
    '10.*',
    '10.0.0.0/255.0.255.0',
    '::/255.0.0.0',
  ]) {
    assert.throws(() => toTrustedPeers('forwarded_allow_ips', [entry]), {
      message: `forwarded_allow_ips: '${entry}' is not an IP address, a network such as 10.0.0.0/8 or fd00::/8, or '*'`,
    });
  }
});
