// Reads smuggling/attempts.txt, which describes its own form.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from '../harness/project.ts';
import { unescapeBytes } from './case-file.ts';

export interface Attempt {
  readonly name: string;
  /** The three characters that replace {id}. */
  readonly id: string;
  readonly bytes: Buffer;
  /** The number of requests that must reach the application; undefined if the attempt may be refused. */
  readonly seen: number | undefined;
}

const file = join(root, 'test', 'conformance', 'smuggling', 'attempts.txt');

export function readAttempts(): readonly Attempt[] {
  const sections = readFileSync(file, 'latin1').split(/^\[/m).slice(1);
  return sections.map((section, index) => parseAttempt(section, `a${String(index).padStart(2, '0')}`));
}

function parseAttempt(section: string, id: string): Attempt {
  const [opening = '', ...rest] = section.split('\n');
  const name = /^([a-z0-9-]+)\]$/.exec(opening)?.[1];
  if (name === undefined) throw new Error(`${file}: [${opening} is not the beginning of an attempt`);
  let why = '';
  let seen: number | undefined;
  let sent = '';
  for (const line of rest.filter((each) => each !== '' && !each.startsWith('#'))) {
    const [, key, value = ''] = /^(why|send|seen):(?: (.+))?$/.exec(line) ?? [];
    if (line.startsWith('    ')) sent += line.slice(4);
    else if (key === 'why') why = value;
    else if (key === 'seen') seen = Number(value);
    else if (key !== 'send') throw new Error(`${file}: [${name}]: not understood: ${line}`);
  }
  if (why === '' || sent === '') throw new Error(`${file}: [${name}] lacks why or send`);
  return { name, id, bytes: Buffer.from(unescapeBytes(sent.replaceAll('{id}', id)), 'latin1'), seen };
}
