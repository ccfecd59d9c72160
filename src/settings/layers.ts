// The sources of settings as layers, from the weakest to the strongest, and the default beneath them. Pure.

import { isAbsolute, relative } from 'node:path';
import type { OwnWorkerClass } from '../messages/between-arbiter-and-forkserver.ts';
import type { Origin } from './origin.ts';
import type { Declaration } from './setting.ts';
import type { SettingName } from './settings.ts';

/** The flags of one command line: texts, not checked yet. */
export type FlagValues = { readonly [Name in SettingName]?: string | readonly string[] | boolean };

/** Python's values by the names of settings; other names are ignored. */
export type PythonValues = Readonly<Record<string, unknown>>;

/** `source` names it in messages. */
interface Embedding {
  readonly source: string;
  readonly values: PythonValues;
}

export interface Sources {
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** From a program that embeds Tunicorn or a Paste file: `framework` ranks below the config file, `overrides` above everything. */
  readonly framework: Embedding | null;
  readonly overrides: Embedding | null;
  /** The config file's names, as python/tunicorn/config/config_file.py sends them; null if there is no file. */
  readonly file: { readonly path: string; readonly values: PythonValues } | null;
  readonly commandArgs: FlagValues;
  readonly commandLine: FlagValues;
  /** The forkserver's findings about a worker class of the user's own. */
  readonly ownWorkerClass?: OwnWorkerClass | null;
}

/** Facts about the process and the file system, for some defaults and checks. */
export interface Facts {
  /** The directory in which the command was started; it may have changed to another since. */
  readonly cwd: string;
  readonly userId: number;
  readonly groupId: number;
  /** The application that the command line names. */
  readonly application: string | null;
  readonly isFolder: (path: string) => boolean;
}

export interface Layer {
  readonly origin: Origin;
  readonly values: Readonly<Record<string, unknown>>;
  readonly form: 'python' | 'text';
}

export function layersOf(sources: Sources, cwd: string): Layer[] {
  const { framework, overrides, file, commandArgs, commandLine, ownWorkerClass } = sources;
  const layers: Layer[] = [];
  if (ownWorkerClass) layers.push(embeddingLayer({ source: 'CONFIG_KWARGS', values: ownWorkerClass.settings }));
  if (framework !== null) layers.push(embeddingLayer(framework));
  if (file !== null) {
    layers.push({ origin: { from: 'file', path: fileName(file.path, cwd) }, values: file.values, form: 'python' });
  }
  layers.push({ origin: { from: 'GUNICORN_CMD_ARGS' }, values: commandArgs, form: 'text' });
  layers.push({ origin: { from: 'command line' }, values: commandLine, form: 'text' });
  if (overrides !== null) layers.push(embeddingLayer(overrides));
  return layers;
}

function embeddingLayer({ source, values }: Embedding): Layer {
  return { origin: { from: 'framework', source }, values, form: 'python' };
}

export function isGiven(layer: Layer, name: SettingName, declaration: Declaration): boolean {
  const value = Object.hasOwn(layer.values, name) ? layer.values[name] : undefined;
  if (value === undefined) return false;
  if (layer.form === 'text') return true;
  // If the default is a fact about the process, None asks for that fact (user = None).
  return declaration.notInFile !== true && !(value === null && declaration.defaultFrom !== undefined);
}

/** Null if the default is the table's. */
export function defaultLayer(
  name: string,
  declaration: Declaration,
  environment: Sources['environment'],
  facts: Facts,
): Layer | null {
  const { environment: rule, defaultFrom } = declaration;
  const text = rule === undefined ? undefined : environment[rule.variable];
  if (rule !== undefined && text !== undefined && (text !== '' || rule.whenEmpty === 'value')) {
    const value = rule.value.replace(`$${rule.variable}`, () => text);
    return { origin: { from: 'environment', variable: rule.variable }, values: { [name]: value }, form: 'text' };
  }
  const fact = defaultFrom === undefined ? null : facts[defaultFrom];
  return fact === null ? null : { origin: { from: 'default' }, values: { [name]: fact }, form: 'python' };
}

/** The path for messages: without the current directory in front. */
function fileName(path: string, cwd: string): string {
  if (!isAbsolute(path)) return path;
  const fromHere = relative(cwd, path);
  return fromHere.startsWith('..') ? path : fromHere;
}
