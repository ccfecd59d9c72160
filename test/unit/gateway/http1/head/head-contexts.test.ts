import assert from 'node:assert/strict';
import { test } from 'node:test';
import { HeadContexts } from '../../../../../src/gateway/http1/head/head-contexts.ts';
import { parseRequestHead } from '../../../../../src/gateway/http1/head/request-head.ts';
import { headRules } from '../../../../harness/gateway-settings.ts';

const HEAD = 'GET /one HTTP/1.1\r\nHost: a\r\nX-Forwarded-Proto: https';
const OTHER = HEAD.replace('one', 'two');

test('a new connection knows the last head of the one before, and each then remembers its own', () => {
  const contexts = new HeadContexts(headRules());
  const [one, idle] = [contexts.next(false, 'http'), contexts.next(false, 'http')];
  const head = parseRequestHead(HEAD, one);
  assert.notEqual(parseRequestHead(HEAD, idle), head);
  const next = contexts.next(false, 'http');
  assert.equal(parseRequestHead(HEAD, next), parseRequestHead(HEAD, idle));
  parseRequestHead(OTHER, next);
  assert.equal(parseRequestHead(HEAD, one), head);
});

test('peers that are trusted, and TLS, have heads of their own', () => {
  const contexts = new HeadContexts(headRules());
  const heads = ([true, false] as const).flatMap((trusted) =>
    (['http', 'https'] as const).map((scheme) => parseRequestHead(HEAD, contexts.next(trusted, scheme))),
  );
  assert.deepEqual(
    heads.map((head) => 'scheme' in head && head.scheme),
    ['https', 'https', 'http', 'https'],
  );
  assert.equal(new Set(heads).size, 4);
});
