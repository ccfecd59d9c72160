// The addresses of syslog_addr and statsd_host.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseStatsdAddress, parseSyslogAddress } from '../../../../src/telemetry/outlet/outlet-address.ts';

const SYSLOG = [
  ['udp://localhost:514', { kind: 'udp', host: 'localhost', port: 514 }],
  ['udp://Logs.Example', { kind: 'udp', host: 'logs.example', port: 514 }],
  ['udp://', { kind: 'udp', host: 'localhost', port: 514 }],
  ['tcp://10.0.0.1:1514', { kind: 'tcp', host: '10.0.0.1', port: 1514 }],
  ['udp://[::1]:1514', { kind: 'udp', host: '::1', port: 1514 }],
  ['tcp://[fe80::1]', { kind: 'tcp', host: 'fe80::1', port: 514 }],
  ['unix:///dev/log', { kind: 'unix', path: '/dev/log', manner: 'any' }],
  ['unix:///dev/log#dgram', { kind: 'unix', path: '/dev/log', manner: 'datagrams' }],
  ['unix:///dev/log#stream', { kind: 'unix', path: '/dev/log', manner: 'stream' }],
  ['unix:///a#b', { kind: 'unix', path: '/a#b', manner: 'any' }],
  ['unix://relative.sock', { kind: 'unix', path: 'relative.sock', manner: 'any' }],
  ['localhost:514', null],
  ['http://localhost', null],
  ['udp://host:port', null],
  ['udp://host:70000', null],
  ['unix://', null],
  ['', null],
] as const;

for (const [text, address] of SYSLOG) {
  test(`parseSyslogAddress('${text}')`, () => assert.deepEqual(parseSyslogAddress(text), address));
}

const STATSD = [
  ['localhost:8125', { kind: 'udp', host: 'localhost', port: 8125 }],
  ['statsd', { kind: 'udp', host: 'statsd', port: 8125 }],
  ['unix:1234', { kind: 'udp', host: 'unix', port: 1234 }],
  ['[::1]:9125', { kind: 'udp', host: '::1', port: 9125 }],
  ['unix:///run/statsd.sock', { kind: 'unix', path: '/run/statsd.sock', manner: 'datagrams' }],
  ['host:', null],
  ['unix://', null],
] as const;

for (const [text, address] of STATSD) {
  test(`parseStatsdAddress('${text}')`, () => assert.deepEqual(parseStatsdAddress(text), address));
}
