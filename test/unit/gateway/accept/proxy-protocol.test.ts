// The PROXY protocol's headers, v1 and v2: their contents and refusals, independent of the cuts between chunks.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  type ProxyHeader,
  ProxyHeaderReader,
  type ProxyProtocolMode,
} from '../../../../src/gateway/accept/proxy-protocol.ts';
import { byteByByte, seededRandom } from '../http1/conversation.ts';

type Outcome =
  | { readonly kind: 'header'; readonly header: ProxyHeader; readonly rest: string }
  | { readonly kind: 'absent'; readonly rest: string }
  | { readonly kind: 'refused'; readonly code: string; readonly status: number }
  | { readonly kind: 'unfinished' };

const HTTP = 'GET / HTTP/1.1\r\n\r\n';

/** `rest` is everything that is left for HTTP. */
function read(
  text: string,
  mode: ProxyProtocolMode = 'auto',
  cuts: Iterable<number> = [],
  forbiddenPeer: string | null = null,
): Outcome {
  const bytes = Buffer.from(text, 'latin1');
  const reader = new ProxyHeaderReader(mode, forbiddenPeer);
  let start = 0;
  for (const size of [...limited(cuts, bytes.length), bytes.length]) {
    if (start >= bytes.length) break;
    // Every chunk lies somewhere in a larger one, as a pipelined chunk does.
    const chunk = Buffer.concat([Buffer.from('xyz'), bytes.subarray(start, start + size)]);
    const progress = reader.push(chunk, 3);
    start += size;
    const later = bytes.subarray(start).toString('latin1');
    if (progress.kind === 'refused') {
      return { kind: 'refused', code: progress.refusal.code, status: progress.refusal.status };
    }
    if (progress.kind === 'absent') {
      const rest = progress.before.toString('latin1') + chunk.toString('latin1', 3) + later;
      return { kind: 'absent', rest };
    }
    if (progress.kind === 'header') {
      return { kind: 'header', header: progress.header, rest: chunk.toString('latin1', progress.end) + later };
    }
    assert.ok(reader.unfinished);
  }
  return { kind: 'unfinished' };
}

function* limited(cuts: Iterable<number>, count: number): Generator<number> {
  let left = count;
  for (const cut of cuts) {
    if (left <= 0) return;
    left -= 1;
    yield cut;
  }
}

function v2(versionAndCommand: number, familyAndTransport: number, body: string, length: number = body.length): string {
  const fixed = String.fromCharCode(versionAndCommand, familyAndTransport, length >> 8, length & 0xff);
  return `\r\n\r\n\0\r\nQUIT\n${fixed}${body}`;
}

const IPV4 = '\xc0\xa8\x01\x0a\x0a\x00\x00\xff\xdc\x04\x01\xbb';
const IPV6 = `\x20\x01\x0d\xb8${'\0'.repeat(11)}\x01\x20\x01\x0d\xb8\0\0\0\x01${'\0'.repeat(7)}\x02\xff\xff\x00\x50`;
const TLVS = `\x04\x00\x03abc\x20\x00\x80${'t'.repeat(128)}`;

const TCP4: ProxyHeader = {
  protocol: 'TCP4',
  source: { address: '192.168.1.10', port: '56324' },
  destination: { address: '10.0.0.255', port: '443' },
};
const TCP6: ProxyHeader = {
  protocol: 'TCP6',
  source: { address: '2001:db8::1', port: '65535' },
  destination: { address: '2001:db8:0:1::2', port: '80' },
};
const without = (protocol: 'LOCAL' | 'UNSPEC' | 'UNKNOWN'): ProxyHeader => ({
  protocol,
  source: null,
  destination: null,
});

const GOOD: readonly (readonly [name: string, bytes: string, header: ProxyHeader])[] = [
  ['v1 TCP4', 'PROXY TCP4 192.168.1.10 10.0.0.255 56324 443\r\n', TCP4],
  ['v1 TCP6', 'PROXY TCP6 2001:db8::1 2001:db8:0:1::2 65535 80\r\n', TCP6],
  [
    'v1, the addresses as they are written',
    'PROXY TCP6 2001:DB8:0:0::1 ::ffff:1.2.3.4 0 65535\r\n',
    {
      protocol: 'TCP6',
      source: { address: '2001:DB8:0:0::1', port: '0' },
      destination: { address: '::ffff:1.2.3.4', port: '65535' },
    },
  ],
  ['v1 UNKNOWN', 'PROXY UNKNOWN\r\n', without('UNKNOWN')],
  ['v1 UNKNOWN with addresses', 'PROXY UNKNOWN ffff::1 ffff::2 65535 65535\r\n', without('UNKNOWN')],
  ['v1 of 107 bytes', `PROXY UNKNOWN ${'x'.repeat(91)}\r\n`, without('UNKNOWN')],
  ['v2 TCP4', v2(0x21, 0x11, IPV4), TCP4],
  ['v2 TCP6', v2(0x21, 0x21, IPV6), TCP6],
  ['v2 TCP4 with extensions', v2(0x21, 0x11, IPV4 + TLVS), TCP4],
  ['v2 TCP6 with extensions', v2(0x21, 0x21, IPV6 + TLVS), TCP6],
  ['v2 TCP4 of the greatest length', v2(0x21, 0x11, IPV4 + 'x'.repeat(65_535 - 12)), TCP4],
  ['v2 LOCAL', v2(0x20, 0x00, ''), without('LOCAL')],
  ['v2 LOCAL with addresses, which do not count', v2(0x20, 0x11, IPV4), without('LOCAL')],
  ['v2 LOCAL of an unknown family', v2(0x20, 0xff, 'abc'), without('LOCAL')],
  ['v2 UNSPEC', v2(0x21, 0x00, ''), without('UNSPEC')],
  ['v2 UNSPEC over TCP with extensions', v2(0x21, 0x01, TLVS), without('UNSPEC')],
];

const BAD: readonly (readonly [name: string, bytes: string, code: string])[] = [
  ['v1 with too few parts', 'PROXY TCP4 192.168.0.1 192.16...\r\n', 'InvalidProxyLine'],
  ['v1 with too many parts', 'PROXY TCP4 1.1.1.1 2.2.2.2 1 2 3\r\n', 'InvalidProxyLine'],
  ['v1 with two spaces', 'PROXY TCP4  1.1.1.1 2.2.2.2 1 2\r\n', 'InvalidProxyLine'],
  ['v1 with a space at the end', 'PROXY TCP4 1.1.1.1 2.2.2.2 1 2 \r\n', 'InvalidProxyLine'],
  ['v1 with a tab', 'PROXY TCP4\t1.1.1.1 2.2.2.2 1 2\r\n', 'InvalidProxyLine'],
  ['v1 without a protocol', 'PROXY \r\n', 'InvalidProxyLine'],
  ['v1 of another protocol', 'PROXY UDP4 1.1.1.1 2.2.2.2 1 2\r\n', 'InvalidProxyLine'],
  ['v1 of a protocol in lower case', 'PROXY tcp4 1.1.1.1 2.2.2.2 1 2\r\n', 'InvalidProxyLine'],
  ['v1 of a protocol that only begins right', 'PROXY UNKNOWNS\r\n', 'InvalidProxyLine'],
  ['v1 TCP4 with IPv6 addresses', 'PROXY TCP4 ::1 ::2 1 2\r\n', 'InvalidProxyLine'],
  ['v1 TCP6 with IPv4 addresses', 'PROXY TCP6 1.1.1.1 2.2.2.2 1 2\r\n', 'InvalidProxyLine'],
  ['v1 with one bad address', 'PROXY TCP4 1.1.1.1 2.2.2.256 1 2\r\n', 'InvalidProxyLine'],
  ['v1 with an octal address', 'PROXY TCP4 010.1.1.1 2.2.2.2 1 2\r\n', 'InvalidProxyLine'],
  ['v1 with a zone', 'PROXY TCP6 fe80::1%eth0 ::2 1 2\r\n', 'InvalidProxyLine'],
  ['v1 with brackets', 'PROXY TCP6 [::1] ::2 1 2\r\n', 'InvalidProxyLine'],
  ['v1 with a name', 'PROXY TCP4 localhost 2.2.2.2 1 2\r\n', 'InvalidProxyLine'],
  ['v1 with a port that is too great', 'PROXY TCP4 1.1.1.1 2.2.2.2 1 65536\r\n', 'InvalidProxyLine'],
  ['v1 with a long port', 'PROXY TCP4 1.1.1.1 2.2.2.2 100000 2\r\n', 'InvalidProxyLine'],
  ['v1 with a sign', 'PROXY TCP4 1.1.1.1 2.2.2.2 +1 2\r\n', 'InvalidProxyLine'],
  ['v1 with a negative port', 'PROXY TCP4 1.1.1.1 2.2.2.2 -1 2\r\n', 'InvalidProxyLine'],
  ['v1 with leading zeros', 'PROXY TCP4 1.1.1.1 2.2.2.2 01 2\r\n', 'InvalidProxyLine'],
  ['v1 with an underscore', 'PROXY TCP4 1.1.1.1 2.2.2.2 1_0 2\r\n', 'InvalidProxyLine'],
  ['v1 with letters', 'PROXY TCP4 1.1.1.1 2.2.2.2 65iii 2\r\n', 'InvalidProxyLine'],
  ['v1 that a bare LF ends', `PROXY TCP4 1.1.1.1 2.2.2.2 1 2\n${HTTP}`, 'InvalidProxyLine'],
  ['v1 UNKNOWN that a bare LF ends', `PROXY UNKNOWN\n${HTTP}`, 'InvalidProxyLine'],
  ['v1 with a bare CR', 'PROXY UNKNOWN \r \r\n', 'InvalidProxyLine'],
  ['v1 with a NUL', 'PROXY UNKNOWN \0\r\n', 'InvalidProxyLine'],
  ['v1 of 108 bytes', `PROXY UNKNOWN ${'x'.repeat(92)}\r\n`, 'InvalidProxyLine'],
  ['v1 without an end', `PROXY TCP4 ${'1'.repeat(200)}`, 'InvalidProxyLine'],
  ['a method that is called PROXY', 'PROXY /a HTTP/1.1\r\nHost: h\r\n\r\n', 'InvalidProxyLine'],
  ['v2 of version 1', v2(0x11, 0x11, IPV4), 'InvalidProxyHeader'],
  ['v2 of version 3', v2(0x31, 0x11, IPV4), 'InvalidProxyHeader'],
  ['v2 with another command', v2(0x22, 0x11, IPV4), 'InvalidProxyHeader'],
  ['v2 over UDP', v2(0x21, 0x12, IPV4), 'InvalidProxyHeader'],
  ['v2 IPv4 without a transport', v2(0x21, 0x10, IPV4), 'InvalidProxyHeader'],
  ['v2 of Unix sockets', v2(0x21, 0x31, 'x'.repeat(216)), 'InvalidProxyHeader'],
  ['v2 of an unknown family', v2(0x21, 0x41, IPV4), 'InvalidProxyHeader'],
  ['v2 IPv4 with 11 bytes', v2(0x21, 0x11, IPV4.slice(1)), 'InvalidProxyHeader'],
  ['v2 IPv6 with 35 bytes', v2(0x21, 0x21, IPV6.slice(1)), 'InvalidProxyHeader'],
  ['v2 IPv6 with the addresses of IPv4', v2(0x21, 0x21, IPV4), 'InvalidProxyHeader'],
];

const ABSENT: readonly (readonly [bytes: string, mode: ProxyProtocolMode])[] = [
  [HTTP, 'auto'],
  ['P', 'v2'],
  ['POST / HTTP/1.1\r\n', 'auto'],
  ['PROPFIND / HTTP/1.1\r\n', 'auto'],
  ['PROXY\t', 'auto'],
  ['proxy tcp4', 'auto'],
  [' PROXY TCP4', 'auto'],
  ['\n', 'auto'],
  ['\r\nPROXY TCP4', 'auto'],
  ['\r\n\r\nGET / HTTP/1.1\r\n', 'auto'],
  ['\r\n\r\n\0\r\nQUIT\r', 'auto'],
  ['\r', 'v1'],
  ['PROXY TCP4 1.1.1.1 2.2.2.2 1 2\r\n', 'v2'],
  [v2(0x21, 0x11, IPV4), 'v1'],
];

for (const [name, bytes, header] of GOOD) {
  test(`push() understands ${name}, wherever it is cut`, () => {
    const expected: Outcome = { kind: 'header', header, rest: HTTP };
    assert.deepEqual(read(bytes + HTTP), expected);
    assert.deepEqual(read(bytes + HTTP, bytes.startsWith('P') ? 'v1' : 'v2'), expected);
    assert.deepEqual(read(bytes), { ...expected, rest: '' });
    assert.deepEqual(read(bytes + HTTP, 'auto', byteByByte()), expected);
    for (const cut of cutsOf(bytes.length)) {
      assert.deepEqual(read(bytes + HTTP, 'auto', [cut]), expected, `cut at ${cut}`);
      assert.deepEqual(read(bytes.slice(0, cut)), { kind: 'unfinished' }, `the first ${cut} bytes alone`);
    }
  });
}

for (const [name, bytes, code] of BAD) {
  test(`push() refuses ${name} with 400, wherever it is cut`, () => {
    const expected: Outcome = { kind: 'refused', code, status: 400 };
    assert.deepEqual(read(bytes), expected);
    assert.deepEqual(read(bytes, 'auto', byteByByte()), expected);
    for (const cut of cutsOf(bytes.length)) assert.deepEqual(read(bytes, 'auto', [cut]), expected, `cut at ${cut}`);
  });
}

for (const [bytes, mode] of ABSENT) {
  test(`push() treats ${JSON.stringify(bytes)} as HTTP in mode ${mode}, and loses no byte of it`, () => {
    const expected: Outcome = { kind: 'absent', rest: bytes };
    assert.deepEqual(read(bytes, mode), expected);
    assert.deepEqual(read(bytes, mode, byteByByte()), expected);
    for (const cut of cutsOf(bytes.length)) assert.deepEqual(read(bytes, mode, [cut]), expected, `cut at ${cut}`);
  });
}

test('push() refuses every header of a forbidden peer with 403, good or bad, and nothing else', () => {
  const expected: Outcome = { kind: 'refused', code: 'ForbiddenProxyRequest', status: 403 };
  for (const [name, bytes] of [...GOOD, ...BAD]) {
    assert.deepEqual(read(bytes, 'auto', [], '10.0.0.1'), expected, name);
    assert.deepEqual(read(bytes, 'auto', byteByByte(), '10.0.0.1'), expected, name);
  }
  for (const [bytes, mode] of ABSENT) {
    assert.deepEqual(read(bytes, mode, [], '10.0.0.1'), { kind: 'absent', rest: bytes }, bytes);
  }
});

test('push() waits for as long as the bytes may become a header', () => {
  for (const bytes of ['P', 'PROXY', '\r', '\r\n\r\n', '\r\n\r\n\0\r\nQUIT']) {
    assert.deepEqual(read(bytes), { kind: 'unfinished' }, JSON.stringify(bytes));
  }
});

test('unfinished is false before the first byte', () => {
  assert.equal(new ProxyHeaderReader('auto', null).unfinished, false);
});

test('push() never throws, whatever arrives, and cuts make no difference', () => {
  const random = seededRandom(20_260);
  const samples = [...GOOD, ...BAD].map(([, bytes]) => bytes.slice(0, 300));
  let headers = 0;
  for (let round = 0; round < 20_000; round += 1) {
    const sample = samples[random(samples.length)] ?? '';
    const chars = [...sample];
    for (let count = random(3); count > 0; count -= 1) chars[random(chars.length)] = String.fromCharCode(random(256));
    const bytes = chars.slice(0, random(4) === 0 ? random(chars.length + 1) : chars.length).join('');
    const whole = read(bytes);
    if (whole.kind === 'header') headers += 1;
    assert.deepEqual(read(bytes, 'auto', byteByByte()), whole, JSON.stringify(bytes));
    const cuts = [1 + random(20), 1 + random(20), 1 + random(100)];
    assert.deepEqual(read(bytes, 'auto', cuts), whole, JSON.stringify(bytes));
  }
  assert.ok(headers > 1000, String(headers));
});

function* cutsOf(length: number): Generator<number> {
  for (let offset = 1; offset < length; offset += 1) {
    if (offset < 200 || offset > length - 20 || offset % 4096 === 0) yield offset;
  }
}
