// The tools behind the tests of deploy/helm, in .venv-cluster: helm, kubeconform, and the JSON schemas of Kubernetes' objects and of two
// operators' own. They come from PyPI and the Go module proxy; kubeconform's own source of schemas is not needed.

import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { root, shout, step } from './steps.mjs';
import { prepareClusterVenv } from './venvs.mjs';

const venv = join(root, '.venv-cluster');
const python = join(venv, 'bin', 'python');
/** Its programs in Python. */
const cluster = join(root, 'test', 'cluster');

const KUBECONFORM = 'github.com/yannh/kubeconform/cmd/kubeconform@v0.8.0';
/** The version that the PyPI package has; that package is for x86-64 alone. */
const HELM = 'helm.sh/helm/v4/cmd/helm@v4.1.4';
/** The oldest version that the chart is for, and the newest of the PyPI package. */
const KUBERNETES = ['1.27.0', '1.37.0'];
const OBJECTS = [
  'configmap-v1',
  'deployment-apps-v1',
  'horizontalpodautoscaler-autoscaling-v2',
  'poddisruptionbudget-policy-v1',
  'service-v1',
];
const CUSTOM_RESOURCES = [
  { module: 'github.com/kedacore/keda/v2@v2.21.0', file: 'config/crd/bases/keda.sh_scaledobjects.yaml' },
  {
    module: 'github.com/prometheus-operator/prometheus-operator@v0.85.0',
    file: 'example/prometheus-operator-crd/monitoring.coreos.com_servicemonitors.yaml',
  },
];

/** True if the tools are there; if they are not, a loud line says that their tests cannot run. */
export function prepareClusterTools() {
  if (prepare()) return true;
  shout('helm, kubeconform or their schemas are missing: the tests of deploy/helm CANNOT RUN');
  return false;
}

function prepare() {
  if (!prepareClusterVenv()) return false;
  const stamp = join(venv, 'tools.sha256');
  const wanted = createHash('sha256')
    .update(readFileSync(fileURLToPath(import.meta.url)))
    .digest('hex');
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted) return true;
  const goInstall = (program) =>
    step(`build ${program}`, ['go', 'install', program], { ...process.env, GOBIN: join(venv, 'bin') });
  const unpack = [python, join(cluster, 'unpack_helm.py'), join(venv, 'bin', 'helm')];
  if (!goInstall(KUBECONFORM)) return false;
  if (!(process.arch === 'x64' ? step('unpack helm', unpack) : goInstall(HELM))) return false;
  try {
    for (const version of KUBERNETES) writeSchemas(version);
    for (const resource of CUSTOM_RESOURCES) writeCustomSchema(resource);
  } catch (error) {
    shout(`No schemas: ${error.message}`);
    return false;
  }
  writeFileSync(stamp, wanted);
  return true;
}

/** The package's schemas name each other by addresses on the internet; these name each other's files. */
function writeSchemas(version) {
  const site = output(python, ['-c', 'import sysconfig; print(sysconfig.get_path("purelib"))']).trim();
  const from = join(site, 'kubernetes_validate', 'kubernetes-json-schema', `v${version}-local-strict`);
  for (const name of ['_definitions', ...OBJECTS]) {
    const { $id: _, ...schema } = JSON.parse(readFileSync(join(from, `${name}.json`), 'utf8'));
    writeSchema(
      `v${version}`,
      name,
      JSON.stringify(schema).replaceAll('"/api/_definitions.json#', '"_definitions.json#'),
    );
  }
}

function writeCustomSchema({ module, file }) {
  const { Dir: folder } = JSON.parse(output('go', ['mod', 'download', '-json', module]));
  const [definition] = JSON.parse(output(python, [join(cluster, 'yaml_to_json.py')], readFileSync(join(folder, file))));
  for (const { name, schema } of definition.spec.versions) {
    const strict = withoutUnknown(schema.openAPIV3Schema);
    writeSchema('custom', `${definition.spec.names.kind.toLowerCase()}-${name}`, JSON.stringify(strict));
  }
}

/** As `-strict` is meant: an object has no properties but the declared ones. */
function withoutUnknown(schema) {
  if (Array.isArray(schema)) return schema.map(withoutUnknown);
  if (schema === null || typeof schema !== 'object') return schema;
  const inner = Object.fromEntries(Object.entries(schema).map(([name, value]) => [name, withoutUnknown(value)]));
  const isClosed = typeof schema.properties === 'object' && schema['x-kubernetes-preserve-unknown-fields'] !== true;
  return isClosed && schema.type === 'object' ? { additionalProperties: false, ...inner } : inner;
}

function writeSchema(folder, name, text) {
  mkdirSync(join(venv, 'schemas', folder), { recursive: true });
  writeFileSync(join(venv, 'schemas', folder, `${name}.json`), text);
}

function output(program, args, input = '') {
  return execFileSync(program, args, { cwd: venv, input, encoding: 'utf8', maxBuffer: 64 * 1024 * 1024 });
}
