// Feeds generated inputs to the gateway's parser and to Node's, and sorts every difference into a class of differences.json.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { headRules } from '../../harness/gateway-settings.ts';
import { root } from '../../harness/project.ts';
import { readCases } from '../case-file.ts';
import { byteByByte, type OwnOutcome, type OwnParserOptions, parseInPieces } from '../own-parser.ts';
import { compare, type Difference } from './comparison.ts';
import { InputGenerator, type Random } from './input-generator.ts';
import { NodeParser } from './node-parser.ts';

/** A known difference and its reason. A difference belongs to the class if all given members match. */
export interface DifferenceClass {
  readonly name: string;
  readonly aspect: Difference['aspect'];
  /** The results of our parser; if missing, any. The same for the next. */
  readonly ours?: readonly string[];
  readonly node?: readonly string[];
  /** A pattern for the message. */
  readonly when?: string;
  readonly why: string;
}

export interface Campaign {
  readonly inputs: number;
  readonly bytes: number;
  /** Number of inputs by our parser's result: the number of requests, and the end. */
  readonly outcomes: ReadonlyMap<string, number>;
  /** Number of inputs on which both sides agree. */
  readonly agreed: number;
  readonly classes: ReadonlyMap<string, number>;
  readonly unexplained: readonly (Difference & { readonly input: string })[];
}

export interface CampaignOptions {
  readonly count: number;
  readonly seed: number;
  readonly onProgress?: (done: number) => void;
}

const BATCH = 250;
const UNEXPLAINED_MAX = 1000;
/** Each input is also parsed in two pieces, and one in so many byte by byte. */
const BYTE_BY_BYTE_EVERY = 10;

export function readClasses(): readonly DifferenceClass[] {
  return JSON.parse(readFileSync(join(root, 'test/conformance/fuzz/differences.json'), 'utf8')) as DifferenceClass[];
}

export async function runCampaign({ count, seed, onProgress }: CampaignOptions): Promise<Campaign> {
  const generator = new InputGenerator(seed, seeds());
  const rules = headRules();
  const options: OwnParserOptions = { rules, peerTrusted: false };
  const sorter = new Sorter(readClasses());
  const node = new NodeParser();
  for (let done = 0; done < count; ) {
    const inputs = Array.from({ length: Math.min(BATCH, count - done) }, () => generator.next());
    const outcomes = inputs.map((input, index) => parseEveryWay(options, input, index, generator.random));
    const theirs = await node.parse(inputs);
    for (const [index, input] of inputs.entries()) {
      const ours = outcomes[index];
      const other = theirs[index];
      if (ours !== undefined && other !== undefined) sorter.add(input, ours, compare(input, ours, other, rules));
    }
    done += inputs.length;
    onProgress?.(done);
  }
  return sorter;
}

/** Throws if the result depends on the chunks of the input. */
function parseEveryWay(options: OwnParserOptions, input: Buffer, index: number, random: Random): OwnOutcome {
  const whole = parseInPieces(options, input, []);
  const expected = fingerprint(whole);
  const cut = 1 + random(Math.max(1, input.length));
  const cuts = index % BYTE_BY_BYTE_EVERY === 0 ? byteByByte() : [cut];
  if (fingerprint(parseInPieces(options, input, cuts)) !== expected) {
    throw new Error(
      `cut at ${cut} or everywhere, this has another outcome: ${JSON.stringify(input.toString('latin1'))}`,
    );
  }
  return whole;
}

function fingerprint({ requests, end }: OwnOutcome): string {
  const parts: unknown[] = [end.kind, end.kind === 'refused' ? end.refusal.rule : null];
  for (const { head, start, body, trailers } of requests) {
    parts.push(head.method, head.target, head.path, head.query, head.protocol, head.headerFields, head.keepAlive);
    parts.push(head.framing, start, body, trailers);
  }
  return JSON.stringify(parts);
}

function seeds(): Buffer[] {
  const corpus = JSON.parse(readFileSync(join(root, 'test/corpus/http/requests.json'), 'utf8')) as { raw: string }[];
  const own = readCases().map(({ bytes }) => bytes);
  return [...corpus.map(({ raw }) => Buffer.from(raw, 'base64')), ...own].filter(({ length }) => length < 2000);
}

class Sorter implements Campaign {
  inputs = 0;
  bytes = 0;
  agreed = 0;
  readonly outcomes = new Map<string, number>();
  readonly classes: Map<string, number>;
  readonly unexplained: (Difference & { readonly input: string })[] = [];
  readonly #matchers: readonly (readonly [DifferenceClass, RegExp | null])[];

  constructor(classes: readonly DifferenceClass[]) {
    this.classes = new Map(classes.map(({ name }) => [name, 0]));
    this.#matchers = classes.map((one) => [one, one.when === undefined ? null : new RegExp(one.when, 'is')]);
  }

  add(input: Buffer, own: OwnOutcome, differences: readonly Difference[]): void {
    this.inputs += 1;
    this.bytes += input.length;
    const ending = own.end.kind === 'refused' ? (own.end.refusal.rule ?? own.end.refusal.code) : own.end.kind;
    count(this.outcomes, own.requests.length > 0 ? `served, then ${ending}` : ending);
    if (differences.length === 0) this.agreed += 1;
    for (const difference of differences) {
      const name = this.#classOf(difference);
      if (name !== null) count(this.classes, name);
      else if (this.unexplained.length < UNEXPLAINED_MAX) {
        this.unexplained.push({ ...difference, input: input.toString('latin1') });
      }
    }
  }

  #classOf({ aspect, ours, node, message }: Difference): string | null {
    for (const [one, when] of this.#matchers) {
      if (one.aspect !== aspect) continue;
      if (one.ours !== undefined && !one.ours.includes(ours)) continue;
      if (one.node !== undefined && !one.node.includes(node)) continue;
      if (when === null || when.test(message)) return one.name;
    }
    return null;
  }
}

function count(counts: Map<string, number>, name: string): void {
  counts.set(name, (counts.get(name) ?? 0) + 1);
}
