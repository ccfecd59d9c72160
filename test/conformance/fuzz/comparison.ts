// Finds the differences between the gateway's parser and Node's on an input. Pure.

import type { HeadRules } from '../../../src/gateway/http1/head/head-rules.ts';
import { type Fields, keptFields } from '../../harness/kept-fields.ts';
import type { OwnOutcome, OwnRequest } from '../own-parser.ts';
import type { NodeOutcome, NodeRequest } from './node-parser.ts';

type Aspect = 'served' | 'method' | 'target' | 'version' | 'fields' | 'trailers' | 'body' | 'keep-alive';

export interface Difference {
  readonly aspect: Aspect;
  /** For `served`: `served`, the broken rule or Node's error, `unfinished`, or why no more is compared. Otherwise the value. */
  readonly ours: string;
  readonly node: string;
  /** From the request's first byte, without the empty line before it. */
  readonly message: string;
}

/** Compares request by request, until one side serves no more or the two no longer parse the same bytes. */
export function compare(input: Buffer, own: OwnOutcome, node: NodeOutcome, rules: HeadRules): Difference[] {
  const differences: Difference[] = [];
  for (let index = 0; ; index += 1) {
    const ours = own.requests[index];
    const theirs = node.requests[index];
    const isServedByNode = theirs !== undefined && (theirs.state === 'whole' || theirs.state === 'tunnel');
    if (ours === undefined && !isServedByNode) return differences;
    const message = input.toString('latin1', startOf(own, index, input.length)).replace(/^\r\n/, '');
    if (ours === undefined || theirs === undefined || !isServedByNode) {
      const verdicts = { ours: ownVerdict(own, index), node: nodeVerdict(node, index) };
      return [...differences, { aspect: 'served', ...verdicts, message }];
    }
    const found = compareRequests(ours, theirs, rules).map((difference) => ({ ...difference, message }));
    differences.push(...found);
    const isSameMessage = found.every(({ aspect }) => aspect === 'fields' || aspect === 'trailers');
    if (!isSameMessage || !ours.head.keepAlive) return differences;
  }
}

function startOf(own: OwnOutcome, index: number, length: number): number {
  const request = own.requests[index];
  if (request !== undefined) return request.start;
  return own.end.kind === 'refused' || own.end.kind === 'unfinished' ? own.end.start : length;
}

function ownVerdict({ requests, end }: OwnOutcome, index: number): string {
  if (requests[index] !== undefined) return 'served';
  if (end.kind === 'refused') return end.refusal.rule ?? end.refusal.code;
  return end.kind === 'unfinished' ? 'unfinished' : 'nothing';
}

function nodeVerdict({ requests, error }: NodeOutcome, index: number): string {
  const request = requests[index];
  if (request?.state === 'whole' || request?.state === 'tunnel') return 'served';
  if (request?.state === 'expectation') return 'expectation';
  const before = requests[index - 1];
  if (before?.state === 'tunnel') return 'tunnel';
  if (error === 'HPE_INVALID_EOF_STATE') return 'unfinished';
  if (error === 'HPE_CLOSED_CONNECTION' && before !== undefined && before.trailers.length > 0)
    return 'closed by a trailer';
  if (error !== null) return error;
  const last = request ?? before;
  return last !== undefined && asksForUpgrade(last) ? 'upgrade' : 'nothing';
}

function asksForUpgrade({ fields }: NodeRequest): boolean {
  return fields.some((name, index) => index % 2 === 0 && name.toLowerCase() === 'upgrade');
}

function compareRequests(ours: OwnRequest, theirs: NodeRequest, rules: HeadRules): Omit<Difference, 'message'>[] {
  const differences: Omit<Difference, 'message'>[] = [];
  const note = (aspect: Aspect, own: string, node: string): void => {
    if (own !== node) differences.push({ aspect, ours: own, node });
  };
  const { head } = ours;
  note('method', head.method, theirs.method);
  note('target', head.target, theirs.target);
  note('version', head.protocol, `HTTP/${theirs.version}`);
  noteFields('fields', keptFields(ours.text, rules, false), theirs.fields, note);
  if (theirs.state === 'tunnel') return differences;
  noteFields('trailers', ours.trailers, theirs.trailers, note);
  note('body', ours.body, theirs.body);
  note('keep-alive', String(head.keepAlive), String(theirs.keepAlive));
  return differences;
}

function noteFields(
  aspect: 'fields' | 'trailers',
  own: Fields,
  raw: readonly string[],
  note: (aspect: Aspect, ours: string, node: string) => void,
): void {
  const node: (readonly [string, string])[] = [];
  for (let index = 0; index + 1 < raw.length; index += 2) {
    node.push([(raw[index] ?? '').toUpperCase(), raw[index + 1] ?? '']);
  }
  const ours = JSON.stringify(own);
  if (ours === JSON.stringify(node)) return;
  const withoutUnderscores = node.filter(([name]) => !name.includes('_'));
  if (ours === JSON.stringify(withoutUnderscores)) note(aspect, 'without the names that have an underscore', 'all');
  else note(aspect, ours, JSON.stringify(node));
}
