import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decodesToNul, percentDecode } from '../../../../../src/gateway/http1/head/percent-decode.ts';

test('percentDecode() gives the bytes of the path, one character each', () => {
  for (const [path, decoded] of [
    ['', ''],
    ['/plain', '/plain'],
    ['/a%20b', '/a b'],
    ['/%c3%A9', '/\xc3\xa9'],
    ['/\xc3\xa9', '/\xc3\xa9'],
    ['%41%42c%44', 'ABcD'],
    ['/a%2Fb', '/a/b'],
    ['/%2541', '/%41'],
    ['/+', '/+'],
    ['/%00', '/\0'],
    ['/%ff%FE', '/\xff\xfe'],
  ] as const) {
    assert.equal(percentDecode(path), decoded);
  }
});

test('percentDecode() leaves a % without two hex digits as it is', () => {
  for (const path of ['%', '/%', '/%4', '/%zz', '/%4g', '/%g4', '%%', '/% 41', '/%\xc3\xa9']) {
    assert.equal(percentDecode(path), path);
  }
  assert.equal(percentDecode('%%41'), '%A');
  assert.equal(percentDecode('%4%41'), '%4A');
});

test('decodesToNul() returns whether the decoded path has a NUL', () => {
  for (const path of ['', '/%', '/%00', '%%00', '/%2500', '/%0', '/%0%00', '/%000', '/00', '/%25%30%30']) {
    assert.equal(decodesToNul(path), percentDecode(path).includes('\0'), path);
  }
});
