// The answer pipe's decoder: the vectors, any cut, and bytes that are not answers.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ANSWER_BYTES, AnswerDecoder, type AnswerSink } from '../../../src/runqueue/answer-decoder.ts';
import type { ResponseHead } from '../../../src/runqueue/channel-decoder.ts';
import { CLOSING, END, FRAMED } from '../../../src/runqueue/channel-frame.ts';
import { seededRandom } from '../gateway/http1/conversation.ts';
import { bytesOf, type PipeAnswer, vectors } from './vectors.ts';

class AnswerRecorder implements AnswerSink {
  readonly answers: Partial<PipeAnswer>[] = [];
  readonly refused: number[] = [];

  answered(id: number, pid: number, { status, flags, lines }: ResponseHead, body: Buffer): void {
    assert.equal(flags & END, END);
    const framed = (flags & FRAMED) !== 0;
    const closing = (flags & CLOSING) !== 0;
    this.answers.push({ type: 'HEAD', pid, id, status, framed, closing, head: lines, bodyHex: body.toString('hex') });
  }

  failed(id: number, pid: number, flags: number): void {
    this.answers.push({ type: 'FAILED', pid, id, closing: (flags & CLOSING) !== 0 });
  }

  skip(id: number): void {
    this.answers.push({ type: 'SKIP', id });
  }

  probed(id: number): void {
    this.answers.push({ type: 'PROBED', id });
  }

  malformed(id: number): void {
    this.refused.push(id);
  }
}

/** The gateway does not need the pid of these. */
function heard(answer: PipeAnswer): Partial<PipeAnswer> {
  if (answer.type !== 'SKIP' && answer.type !== 'PROBED') return answer;
  return { type: answer.type, id: answer.id };
}

function push(decoder: AnswerDecoder, bytes: Buffer): string | null {
  return decoder.push(bytes, bytes.length);
}

const { good, bad, lost } = vectors.answers;
const all = Buffer.concat(good.map(bytesOf));

for (const vector of good) {
  test(`answer: ${vector.name}`, () => {
    const recorder = new AnswerRecorder();
    assert.equal(push(new AnswerDecoder(recorder), bytesOf(vector)), null);
    assert.deepEqual(recorder.answers, [heard(vector.decoded)]);
  });
}

for (const vector of bad) {
  test(`refused, and the next answer is read: ${vector.name}`, () => {
    const recorder = new AnswerRecorder();
    assert.equal(push(new AnswerDecoder(recorder), Buffer.concat([bytesOf(vector), all])), null);
    assert.deepEqual(recorder.refused, [77]);
    assert.deepEqual(
      recorder.answers,
      good.map(({ decoded }) => heard(decoded)),
    );
  });
}

for (const vector of lost) {
  test(`the next answer cannot be found, until the pipe was empty: ${vector.name}`, () => {
    const recorder = new AnswerRecorder();
    const decoder = new AnswerDecoder(recorder);
    assert.match(push(decoder, bytesOf(vector)) ?? '', /^frame length \d+ is not in 16 to 4092$/);
    decoder.reset();
    assert.equal(push(decoder, all), null);
    assert.equal(recorder.answers.length, good.length);
  });
}

test('answers decode alike wherever reads cut them', () => {
  const random = seededRandom(7);
  for (let round = 0; round < 200; round += 1) {
    const recorder = new AnswerRecorder();
    const decoder = new AnswerDecoder(recorder);
    for (let at = 0; at < all.length; ) {
      // Mostly tiny pieces, some longer than an answer can be.
      const size = 1 + random(random(5) === 0 ? 2 * ANSWER_BYTES : 40);
      // One buffer for all reads: what is kept must have been copied.
      const buffer = Buffer.alloc(size + 10, 0xee);
      const end = all.copy(buffer, 0, at, at + size);
      assert.equal(decoder.push(buffer, end), null);
      buffer.fill(0);
      at += end;
    }
    assert.deepEqual(
      recorder.answers,
      good.map(({ decoded }) => heard(decoded)),
    );
  }
});
