// Builds the file system of an image by following a Dockerfile in clean roots. `FROM python:…-slim` is played by the base of the clean
// roots: Debian with its Python, also under /usr/local/bin, as in that image.

import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readFileSync, statSync } from 'node:fs';
import { basename, dirname, join, relative } from 'node:path';
import { CleanRoot } from '../clean-root/clean-root.ts';
import { wheelhouseDir } from '../clean-root/recipe.ts';
import type { Scene } from '../scenario.ts';
import { type Instruction, parseDockerfile } from './dockerfile.ts';
import { readIgnored } from './ignored-files.ts';

export interface Image {
  /** The topmost first. */
  readonly layers: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly workdir: string;
  readonly user: string;
  readonly port: number;
  readonly stopSignal: NodeJS.Signals;
  readonly command: readonly string[];
  readonly healthcheck: readonly string[];
}

export interface Build {
  readonly dockerfile: string;
  readonly context: string;
  /** Additional contexts, by name. */
  readonly contexts: Readonly<Record<string, string>>;
}

const PYTHON_IMAGE = /^python:3\.\d+-slim(-\w+)?$/;

/** In place of PyPI. */
const PACKAGES = '/packages';

interface Stage {
  readonly root: CleanRoot;
  readonly env: Record<string, string>;
  workdir: string;
  user: string;
  port: number;
  stopSignal: NodeJS.Signals;
  command: readonly string[];
  healthcheck: readonly string[];
}

export async function buildImage(scene: Scene, build: Build): Promise<Image> {
  const stages = new Map<string, Stage>();
  let stage: Stage | undefined;
  for (const instruction of parseDockerfile(readFileSync(build.dockerfile, 'utf8'))) {
    if (instruction.name === 'FROM') {
      stage = await openStage(scene, instruction, build);
      stages.set(instruction.stage, stage);
    } else if (stage === undefined) {
      throw new Error(`${instruction.name} before FROM`);
    } else {
      follow(instruction, stage, stages, build);
    }
  }
  if (stage === undefined) throw new Error('a Dockerfile without FROM');
  for (const { root } of stages.values()) await root.close();
  const { root, ...rest } = stage;
  return { ...rest, layers: [root.upper] };
}

async function openStage(
  scene: Scene,
  { image, stage }: Instruction & { name: 'FROM' },
  { contexts }: Build,
): Promise<Stage> {
  if (!PYTHON_IMAGE.test(image)) throw new Error(`no clean root plays ${image}`);
  const binds = Object.fromEntries(Object.entries(contexts).map(([name, source]) => [`/contexts/${name}`, source]));
  const root = await CleanRoot.open(scene, `stage-${stage}`, { binds: { [PACKAGES]: wheelhouseDir, ...binds } });
  const links = 'ln -s /usr/bin/python3 /usr/local/bin/python3; ln -s python3 /usr/local/bin/python';
  // A container engine mounts its own file there.
  root.mustRun(`${links}; touch /etc/hosts`, { user: 'root' });
  return {
    root,
    env: {},
    workdir: '/',
    user: 'root',
    port: 0,
    stopSignal: 'SIGTERM',
    command: [],
    healthcheck: [],
  };
}

function follow(
  instruction: Exclude<Instruction, { name: 'FROM' }>,
  stage: Stage,
  stages: ReadonlyMap<string, Stage>,
  build: Build,
): void {
  switch (instruction.name) {
    case 'ENV':
      for (const [name, value] of Object.entries(instruction.values)) {
        stage.env[name] = value.replaceAll(
          /\$(\w+)/g,
          (_, other: string) => stage.env[other] ?? inherited[other] ?? '',
        );
      }
      return;
    case 'RUN': {
      const links = [PACKAGES, ...instruction.mounts.map(({ target }) => target)].join(' ');
      const mounts = instruction.mounts.map(
        ({ from, target }) => `mkdir -p ${target}; mount --bind /contexts/${from} ${target}`,
      );
      const unmounts = instruction.mounts.map(({ target }) => `umount ${target}; rmdir ${target}`);
      stage.root.mustRun(['set -e', ...mounts, instruction.script, ...unmounts].join('\n'), {
        user: 'root',
        cwd: stage.workdir,
        env: { ...stage.env, PIP_NO_INDEX: '1', PIP_FIND_LINKS: links },
      });
      return;
    }
    case 'COPY':
      copy(instruction, stage, stages, build);
      return;
    case 'WORKDIR':
      stage.workdir = instruction.value;
      mkdirSync(stage.root.path(instruction.value), { recursive: true });
      return;
    case 'USER':
      stage.user = instruction.value;
      return;
    case 'EXPOSE':
      stage.port = Number(instruction.value);
      return;
    case 'STOPSIGNAL':
      stage.stopSignal = instruction.value as NodeJS.Signals;
      return;
    case 'CMD':
      stage.command = instruction.command;
      return;
    case 'HEALTHCHECK':
      stage.healthcheck = instruction.command;
  }
}

const inherited: Readonly<Record<string, string>> = { PATH: '/usr/local/bin:/usr/bin:/bin' };

function copy(
  { from, sources, to }: Instruction & { name: 'COPY' },
  stage: Stage,
  stages: ReadonlyMap<string, Stage>,
  { context }: Build,
): void {
  const origin = from === undefined ? undefined : stages.get(from)?.root;
  if (from !== undefined && origin === undefined) throw new Error(`COPY --from=${from}: no such stage`);
  const ignoreFile = join(context, '.dockerignore');
  const isIgnored = readIgnored(existsSync(ignoreFile) ? readFileSync(ignoreFile, 'utf8') : '');
  for (const source of sources) {
    const path = origin?.path(source) ?? join(context, source);
    // The content of a folder is copied, not the folder.
    const target = stage.root.path(to.endsWith('/') && !statSync(path).isDirectory() ? join(to, basename(source)) : to);
    mkdirSync(dirname(target), { recursive: true });
    if (origin !== undefined) execFileSync('cp', ['-a', path, target]);
    else cpSync(path, target, { recursive: true, filter: (file) => !isIgnored(relative(context, file)) });
  }
}
