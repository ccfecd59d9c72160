// The chart deploy/helm/tunicorn under the real helm and the real kubeconform.

import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { inCi, root } from '../project.ts';

const tools: string = join(root, '.venv-cluster');
const chart: string = join(root, 'deploy', 'helm', 'tunicorn');

/** For the option `skip`; never set in CI, where their absence is a failure. */
export const noChartTools: string | false =
  !existsSync(join(tools, 'tools.sha256')) && !inCi && 'helm or kubeconform is missing: THIS TEST CANNOT RUN';

export interface Manifest {
  readonly kind: string;
  readonly metadata: { readonly name: string };
  readonly [field: string]: unknown;
}

interface Ran {
  readonly status: number | null;
  readonly output: string;
  readonly errors: string;
}

function run(program: string, args: readonly string[], input: string = ''): Ran {
  const { status, stdout, stderr, error } = spawnSync(join(tools, 'bin', program), args, {
    input,
    encoding: 'utf8',
    // Nothing of this machine's configuration of helm.
    env: { ...process.env, HELM_CONFIG_HOME: tools, HELM_CACHE_HOME: tools, HELM_DATA_HOME: tools },
  });
  if (error !== undefined) throw error;
  return { status, output: stdout, errors: stderr };
}

/** `values` is YAML, or JSON, which is YAML, too. */
export function lint(values: string): Ran {
  return run('helm', ['lint', '--strict', chart, '--values', '-'], values);
}

/** The release `shop` in the namespace `store`. */
export function render(values: string): Ran {
  return run('helm', ['template', 'shop', chart, '--namespace', 'store', '--values', '-'], values);
}

export function notes(values: string): string {
  const dryRun = ['install', 'shop', chart, '--dry-run=client', '--namespace', 'store', '--values', '-'];
  const { status, output, errors } = run('helm', dryRun, values);
  if (status !== 0) throw new Error(errors);
  return output.slice(output.indexOf('NOTES:'));
}

export function manifests(values: string): readonly Manifest[] {
  const { status, output, errors } = render(values);
  if (status !== 0) throw new Error(errors);
  return readYaml(output) as readonly Manifest[];
}

export function manifest(values: string, kind: string): Manifest {
  const found = manifests(values).filter((candidate) => candidate.kind === kind);
  const [only] = found;
  if (only === undefined || found.length > 1)
    throw new Error(`there are ${found.length} manifests of the kind ${kind}`);
  return only;
}

/** Its documents. */
export function readYaml(text: string): readonly unknown[] {
  const { status, output, errors } = run('python', [join(root, 'test', 'cluster', 'yaml_to_json.py')], text);
  if (status !== 0) throw new Error(errors);
  return JSON.parse(output) as readonly unknown[];
}

export const kubernetesVersions = ['1.27.0', '1.37.0'] as const;

export function kubeconform(files: readonly string[], version: (typeof kubernetesVersions)[number]): Ran {
  const schemas = join(tools, 'schemas');
  const locations = [
    join(schemas, '{{.NormalizedKubernetesVersion}}', '{{.ResourceKind}}{{.KindSuffix}}.json'),
    join(schemas, 'custom', '{{.ResourceKind}}-{{.ResourceAPIVersion}}.json'),
  ].flatMap((location) => ['-schema-location', location]);
  return run('kubeconform', ['-strict', '-summary', '-kubernetes-version', version, ...locations, ...files]);
}

/** The value at a path such as `spec.ports.0.name`; undefined if there is none. */
export function at(value: unknown, path: string): unknown {
  let found = value;
  for (const key of path.split('.')) {
    if (typeof found !== 'object' || found === null) return undefined;
    found = (found as Readonly<Record<string, unknown>>)[key];
  }
  return found;
}
