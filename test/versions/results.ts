// What `npm run compatibility:versions` has measured: test/versions/results.json.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from '../harness/project.ts';
import type { NotRun } from './runtimes.ts';

export interface Result {
  readonly node: string;
  readonly python: string;
  /** None: everything works. */
  readonly complaints: readonly string[];
}

export interface UnitResult {
  /** The version of Node.js or of Python, whose unit tests ran. */
  readonly name: string;
  readonly works: boolean;
}

export interface Results {
  readonly measuredAt: string;
  readonly machine: string;
  readonly nodes: readonly string[];
  readonly pythons: readonly string[];
  readonly pairs: readonly Result[];
  /** gevent, eventlet and tornado, with the virtual environment of the tests. */
  readonly green: Result;
  readonly units: readonly UnitResult[];
  readonly notRun: readonly NotRun[];
}

export const resultsPath: string = join(root, 'test', 'versions', 'results.json');

export function readResults(): Results {
  return JSON.parse(readFileSync(resultsPath, 'utf8')) as Results;
}
