import assert from 'node:assert/strict';
import test, { type TestContext } from 'node:test';
import { ILLEGAL_MOVES_VARIABLE, type IllegalMoveLog, illegalMove } from '../../../src/log/illegal-move.ts';
import { textOf } from '../../../src/log/message.ts';

const logged = (): IllegalMoveLog & { readonly lines: string[] } => {
  const lines: string[] = [];
  return { lines, enter: (said) => lines.push(`${said.message.level}: ${textOf(said)}`) };
};

function withVariable(t: TestContext, value: string | undefined): void {
  const before = process.env[ILLEGAL_MOVES_VARIABLE];
  const set = (to: string | undefined): void => {
    if (to === undefined) delete process.env[ILLEGAL_MOVES_VARIABLE];
    else process.env[ILLEGAL_MOVES_VARIABLE] = to;
  };
  set(value);
  t.after(() => set(before));
}

test('an illegal move is an error in the log', (t) => {
  withVariable(t, undefined);
  const log = logged();
  illegalMove(log, "worker 12: 'ready' in state 'retiring'");
  assert.deepEqual(log.lines, ["error: Illegal state change: worker 12: 'ready' in state 'retiring'"]);
});

test('under test an illegal move is thrown as well as logged', (t) => {
  withVariable(t, 'throw');
  const log = logged();
  assert.throws(() => illegalMove(log, "worker 12: 'ready' in state 'retiring'"), /'ready' in state 'retiring'/);
  assert.equal(log.lines.length, 1);
});
