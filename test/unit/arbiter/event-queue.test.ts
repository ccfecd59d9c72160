// The arbiter's queue: one event after the other.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { EventQueue } from '../../../src/arbiter/event-queue.ts';

test('an event is handled when it is posted', () => {
  const handled: string[] = [];
  const queue = new EventQueue<string>((event) => handled.push(event));
  queue.post('one');
  queue.post('two');
  assert.deepEqual(handled, ['one', 'two']);
});

test('events that a handler posts are handled after it, never inside it, in order', () => {
  const steps: string[] = [];
  const queue: EventQueue<string> = new EventQueue((event) => {
    steps.push(`${event} begins`);
    if (event === 'one') {
      queue.post('two');
      queue.post('three');
    }
    steps.push(`${event} ends`);
  });
  queue.post('one');
  const each = ['one', 'two', 'three'].flatMap((event) => [`${event} begins`, `${event} ends`]);
  assert.deepEqual(steps, each);
});

test('after the end no event is handled, not even waiting ones', () => {
  const handled: string[] = [];
  const queue: EventQueue<string> = new EventQueue((event) => {
    handled.push(event);
    queue.post('waiting');
    queue.end();
  });
  queue.post('last');
  queue.post('late');
  assert.deepEqual(handled, ['last']);
});
