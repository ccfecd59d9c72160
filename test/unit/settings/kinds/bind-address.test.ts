// The forms of the setting `bind`.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  type BindAddress,
  isLocalOnly,
  isOwnAddress,
  mayCollide,
  parseBindAddress,
  parseBindAddresses,
} from '../../../../src/settings/kinds/bind-address.ts';

function parse(text: string): BindAddress {
  const parsed = parseBindAddress(text);
  assert.ok(parsed.ok, parsed.ok ? '' : parsed.message);
  return parsed.address;
}

function refusal(text: string): string {
  const parsed = parseBindAddress(text);
  assert.ok(!parsed.ok, `${text} was accepted`);
  return parsed.message;
}

const TCP: readonly (readonly [string, string, number])[] = [
  ['127.0.0.1', '127.0.0.1', 8000],
  ['127.0.0.1:9000', '127.0.0.1', 9000],
  ['Example.COM:80', 'example.com', 80],
  [':9000', '', 9000],
  ['', '0.0.0.0', 8000],
  ['[::1]:9000', '::1', 9000],
  ['[::]', '::', 8000],
  ['[FE80::1%eth0]:1', 'fe80::1%eth0', 1],
  ['tcp://127.0.0.1:9000', '127.0.0.1', 9000],
  ['tcp://[::1]', '::1', 8000],
  ['localhost:0', 'localhost', 0],
  ['h:65535', 'h', 65535],
];

for (const [text, host, port] of TCP) {
  test(`parseBindAddress() reads '${text}' as host '${host}', port ${port}`, () => {
    assert.deepEqual(parse(text), { kind: 'tcp', text, host, port });
  });
}

const UNIX = [
  ['unix:/run/app.sock', '/run/app.sock'],
  ['unix:///run/app.sock', '/run/app.sock'],
  ['unix:rel.sock', 'rel.sock'],
  ['unix://rel.sock', 'rel.sock'],
  ['unix:/with space/[odd]:1', '/with space/[odd]:1'],
] as const;

for (const [text, path] of UNIX) {
  test(`parseBindAddress() reads '${text}' as the Unix socket '${path}'`, () => {
    assert.deepEqual(parse(text), { kind: 'unix', text, path });
  });
}

test("parseBindAddress() takes 'fd://3' for descriptor 3", () => {
  assert.deepEqual(parse('fd://3'), { kind: 'fd', text: 'fd://3', fd: 3 });
});

const REFUSED = [
  ['x:y', "'y' is not a valid port number."],
  ['::1', "'' is not a valid port number. An IPv6 address goes in brackets: '[::1]:8000'"],
  ['127.0.0.1:', "'' is not a valid port number."],
  ['127.0.0.1:80:90', 'Too many colons'],
  ['127.0.0.1:65536', "'65536' is not a valid port number."],
  ['127.0.0.1:-1', "'-1' is not a valid port number."],
  ['127.0.0.1:+1', "'+1' is not a valid port number."],
  ['127.0.0.1: 80', "' 80' is not a valid port number."],
  ['127.0.0.1:0x50', "'0x50' is not a valid port number."],
  ['[127.0.0.1]:80', "'127.0.0.1' is not an IPv6 address"],
  ['[::1', "'' is not a valid port number."],
  ['[::1]x', "'x' after the bracket is not a port"],
  ['/run/app.sock', "A Unix socket is written 'unix:PATH'"],
  ['two words:80', "'two words' is not a host name"],
  ['user@host:80', "'user@host' is not a host name"],
  ['unix:', 'the path is missing'],
  ['unix://', 'the path is missing'],
  ['unix:/a\0b', 'NUL'],
  ['fd://', "'' is not a valid file descriptor."],
  ['fd://x', "'x' is not a valid file descriptor."],
  ['fd://-1', "'-1' is not a valid file descriptor."],
] as const;

for (const [text, reason] of REFUSED) {
  test(`parseBindAddress() refuses ${JSON.stringify(text)}, names it, the reason and the wanted forms`, () => {
    const message = refusal(text);
    assert.ok(message.startsWith(`'${text}' is not a valid bind address: `), message);
    assert.ok(message.includes(reason), message);
    assert.ok(message.endsWith('Wanted: HOST, HOST:PORT, :PORT, [IPV6]:PORT, unix:PATH or fd://N'), message);
  });
}

test('parseBindAddresses() drops the same address written in another way, and keeps the order', () => {
  const parsed = parseBindAddresses(['b:1', 'tcp://A', 'a:8000', 'unix:/x', 'unix:///x', 'fd://3', 'fd://3']);
  assert.ok(parsed.ok);
  assert.deepEqual(
    parsed.addresses.map((address) => address.text),
    ['b:1', 'tcp://A', 'unix:/x', 'fd://3'],
  );
});

test('parseBindAddresses() keeps every address with port 0', () => {
  const parsed = parseBindAddresses(['127.0.0.1:0', '127.0.0.1:0']);
  assert.equal(parsed.ok && parsed.addresses.length, 2);
});

test('parseBindAddresses() names the one of many that is wrong', () => {
  const parsed = parseBindAddresses(['127.0.0.1', 'x:y']);
  assert.match(parsed.ok ? '' : parsed.message, /^'x:y' is not/);
});

const COLLISIONS: readonly (readonly [string, string, boolean])[] = [
  ['0.0.0.0:80', '127.0.0.1:80', true],
  ['[::]:80', '127.0.0.1:80', true],
  [':80', '127.0.0.1:80', true],
  ['localhost:80', '127.0.0.1:80', true],
  ['127.0.0.1:80', '127.0.0.1:80', true],
  ['127.0.0.2:80', '127.0.0.1:80', false],
  ['0.0.0.0:80', '127.0.0.1:81', false],
  ['0.0.0.0:0', '127.0.0.1:0', false],
  ['unix:/a', 'unix:/a', true],
  ['unix:/a', 'unix:/b', false],
  ['unix:/a', '0.0.0.0:80', false],
];

for (const [a, b, collides] of COLLISIONS) {
  test(`mayCollide() is ${collides} for ${a} and ${b}, in either order`, () => {
    assert.equal(mayCollide(parse(a), parse(b)), collides);
    assert.equal(mayCollide(parse(b), parse(a)), collides);
  });
}

test('an address of its own names a path or a port', () => {
  for (const text of ['127.0.0.1:9100', ':9100', '[::1]:9100', 'tcp://[::]:80', 'unix:/run/a.sock']) {
    assert.ok(isOwnAddress(text), text);
  }
  for (const text of ['', '127.0.0.1', '[::1]', 'localhost', 'fd://3', 'unix:', ':http', 'x:1:2']) {
    assert.ok(!isOwnAddress(text), text);
  }
});

test('only loopback addresses and Unix sockets are local', () => {
  for (const text of ['127.0.0.1:1', '127.8.0.1:1', '[::1]:1', 'localhost:1', 'unix:/a', 'fd://3']) {
    assert.ok(isLocalOnly(parse(text)), text);
  }
  for (const text of [':1', '0.0.0.0:1', '[::]:1', '10.0.0.1:1', '127.example.com:1', 'localhost.example.com:1']) {
    assert.ok(!isLocalOnly(parse(text)), text);
  }
});
