// deploy/docker/compose.yaml as data. A program of Python reads the YAML, from the checkers' virtual environment.

import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { root } from '../project.ts';

export interface Service {
  readonly environment?: Readonly<Record<string, string>>;
  readonly command?: readonly string[];
  readonly tmpfs?: readonly string[];
  readonly secrets?: readonly string[];
  readonly read_only?: boolean;
  readonly volumes?: readonly string[];
  readonly healthcheck?: { readonly test: readonly string[] };
}

export interface Compose {
  readonly services: Readonly<Record<string, Service>>;
  readonly secrets: Readonly<Record<string, { readonly file?: string }>>;
}

const TO_JSON = `
import json, sys
from ruamel.yaml import YAML
with open(sys.argv[1]) as file:
    print(json.dumps(YAML(typ="safe").load(file)))
`;

export function readCompose(path: string): Compose {
  const python = join(root, '.venv-deploy', 'bin', 'python');
  return JSON.parse(execFileSync(python, ['-c', TO_JSON, path], { encoding: 'utf8' })) as Compose;
}

export function serviceOf(compose: Compose, name: string): Service {
  const found = compose.services[name];
  if (found === undefined) throw new Error(`compose.yaml has no service ${name}`);
  return found;
}
