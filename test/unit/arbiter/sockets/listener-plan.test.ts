// The plan of a reload for the listening sockets.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { planListeners } from '../../../../src/arbiter/sockets/listener-plan.ts';
import { type BindAddress, parseBindAddress } from '../../../../src/settings/kinds/bind-address.ts';

function bind(text: string): BindAddress {
  const parsed = parseBindAddress(text);
  assert.ok(parsed.ok);
  return parsed.address;
}

interface Summary {
  readonly stay: readonly string[];
  readonly close: readonly string[];
  readonly open: readonly string[];
  readonly closeFirst: readonly string[];
}

function plan(current: readonly string[], wanted: readonly string[]): Summary {
  const listeners = current.map((text) => ({ bind: bind(text) }));
  const { close, open, closeFirst } = planListeners(listeners, wanted.map(bind));
  const stay = listeners.filter((listener) => !close.includes(listener));
  const texts = (some: readonly { readonly bind: BindAddress }[]): string[] => some.map((one) => one.bind.text);
  return { stay: texts(stay), close: texts(close), open: open.map((one) => one.text), closeFirst: texts(closeFirst) };
}

test('planListeners() keeps wanted addresses, opens new ones, and closes unwanted ones', () => {
  assert.deepEqual(plan(['127.0.0.1:1', '127.0.0.1:2', 'unix:/a'], ['unix:/a', '127.0.0.1:3', '127.0.0.1:1']), {
    stay: ['127.0.0.1:1', 'unix:/a'],
    close: ['127.0.0.1:2'],
    open: ['127.0.0.1:3'],
    closeFirst: [],
  });
});

test('planListeners() keeps an address that is only written in another way', () => {
  const { stay, close, open } = plan(['127.0.0.1:8000'], ['tcp://127.0.0.1']);
  assert.deepEqual([stay, close, open], [['127.0.0.1:8000'], [], []]);
});

test('planListeners() first closes sockets that keep a new address from being bound', () => {
  const { close, open, closeFirst } = plan(['127.0.0.1:80', '127.0.0.1:81'], ['0.0.0.0:80']);
  assert.deepEqual([close, open, closeFirst], [['127.0.0.1:80', '127.0.0.1:81'], ['0.0.0.0:80'], ['127.0.0.1:80']]);
});

test('planListeners() keeps as many listeners with port 0 as are wanted', () => {
  const { stay, close, open } = plan(['h:0', 'h:0'], ['h:0', 'h:0', 'h:0']);
  assert.deepEqual([stay.length, close.length, open.length], [2, 0, 1]);
  const fewer = plan(['h:0', 'h:0'], ['h:0']);
  assert.deepEqual([fewer.stay.length, fewer.close.length, fewer.open.length], [1, 1, 0]);
});
