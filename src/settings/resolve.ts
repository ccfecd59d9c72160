// From all sources of settings to one value for each, with its origin. Pure: the command calls it at start and at each
// reload. Precedence, low to high: default, config file, GUNICORN_CMD_ARGS, command line; a layer replaces, never merges.

import { isAbsolute, relative, resolve } from 'node:path';
import { GUNICORN_ONLY } from './gunicorn-only.ts';
import { checkOf } from './kinds.ts';
import { describeOrigin, type Origin } from './origin.ts';
import { pythonRepr } from './python-repr.ts';
import type { Declaration } from './setting.ts';
import { isSettingName, SETTINGS, type SettingName, type Settings } from './settings.ts';

/** What the flags of one command line said: texts, not yet checked. */
export type FlagValues = { readonly [Name in SettingName]?: string | readonly string[] | boolean };

export interface Sources {
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** The config file's names, as python/tunicorn/config_file.py gives them; null if there is no file. */
  readonly file: { readonly path: string; readonly values: Readonly<Record<string, unknown>> } | null;
  readonly commandArgs: FlagValues;
  readonly commandLine: FlagValues;
}

/** What some defaults and checks need to know about the process and the file system. */
export interface Facts {
  /** The directory that the command was started in: at a reload, not the one it has changed to since. */
  readonly cwd: string;
  readonly userId: number;
  readonly groupId: number;
  /** The application that the command line names. */
  readonly application: string | null;
  readonly isFolder: (path: string) => boolean;
}

export type Origins = { readonly [Name in SettingName]: Origin };

export type Resolution =
  | { readonly ok: true; readonly settings: Settings; readonly origins: Origins; readonly warnings: readonly string[] }
  | { readonly ok: false; readonly errors: readonly string[] };

interface Layer {
  readonly origin: Origin;
  readonly values: Readonly<Record<string, unknown>>;
  readonly form: 'file' | 'text';
}

type Outcome = { readonly value: unknown; readonly warning?: string } | { readonly error: string };

export function resolveSettings(sources: Sources, facts: Facts): Resolution {
  const layers = layersOf(sources, facts.cwd);
  const values: Record<string, unknown> = {};
  const origins: Record<string, Origin> = {};
  const errors: string[] = [];
  const warnings =
    sources.file === null ? [] : warningsAbout(sources.file.values, fileName(sources.file.path, facts.cwd));

  for (const [name, declaration] of SETTINGS) {
    const given = layers.filter((layer) => isGiven(layer, name, declaration));
    if (given.length === 0) given.push(defaultLayer(name, declaration, sources.environment, facts));
    // Every layer is checked, even one that a higher layer overrides: a mistake in the config file should not show
    // only on the day that a flag is dropped.
    for (const layer of given) {
      const outcome = check(name, declaration, layer);
      if ('error' in outcome) {
        errors.push(outcome.error);
        continue;
      }
      values[name] = outcome.value;
      origins[name] = layer.origin;
      if (outcome.warning !== undefined) warnings.push(outcome.warning);
    }
  }
  if (errors.length === 0) errors.push(...resolveFolders(values, origins, facts));
  if (errors.length > 0) return { ok: false, errors };
  // Each name of the table has been given the value that its own check returned.
  return { ok: true, settings: values as Settings, origins: origins as Origins, warnings };
}

/** The config file to evaluate, as `-c` wants it; null means ./gunicorn.conf.py if there is one. */
export function configLocation(commandArgs: FlagValues, commandLine: FlagValues): string | null {
  const location = commandLine.config || commandArgs.config;
  return typeof location === 'string' ? location : null;
}

function layersOf(sources: Sources, cwd: string): Layer[] {
  const layers: Layer[] = [];
  if (sources.file !== null) {
    const origin: Origin = { from: 'file', path: fileName(sources.file.path, cwd) };
    layers.push({ origin, values: sources.file.values, form: 'file' });
  }
  layers.push({ origin: { from: 'GUNICORN_CMD_ARGS' }, values: sources.commandArgs, form: 'text' });
  layers.push({ origin: { from: 'command line' }, values: sources.commandLine, form: 'text' });
  return layers;
}

function isGiven(layer: Layer, name: SettingName, declaration: Declaration): boolean {
  const value = Object.hasOwn(layer.values, name) ? layer.values[name] : undefined;
  if (value === undefined) return false;
  if (layer.form === 'text') return true;
  // None where the default is a fact about the process (user = None) asks for that fact.
  return declaration.notInFile !== true && !(value === null && declaration.defaultFrom !== undefined);
}

function defaultLayer(
  name: string,
  declaration: Declaration,
  environment: Sources['environment'],
  facts: Facts,
): Layer {
  const { environment: rule, defaultFrom } = declaration;
  const text = rule === undefined ? undefined : environment[rule.variable];
  if (rule !== undefined && text !== undefined && (text !== '' || rule.whenEmpty === 'value')) {
    const value = rule.value.replace(`$${rule.variable}`, () => text);
    return { origin: { from: 'environment', variable: rule.variable }, values: { [name]: value }, form: 'text' };
  }
  const fact = defaultFrom === undefined ? null : facts[defaultFrom];
  return { origin: { from: 'default' }, values: { [name]: fact ?? declaration.default }, form: 'file' };
}

function check(name: string, declaration: Declaration, layer: Layer): Outcome {
  const given = layer.values[name];
  const value = given === null && declaration.none !== undefined ? declaration.none : given;
  const { ofFile, ofText, wanted } = checkOf(declaration);
  const result = (layer.form === 'file' ? ofFile : ofText).safeParse(value, { reportInput: true });
  if (result.success) return { value: result.data };
  if (declaration.kind === 'choice' && declaration.otherwise !== undefined && typeof value === 'string') {
    const found = `Unknown value for ${name} ${describeOrigin(layer.origin)}: ${pythonRepr(value)}`;
    return { value: declaration.otherwise, warning: `${found} (known: ${wanted}); using ${declaration.otherwise}` };
  }
  const [issue] = result.error.issues;
  const part = issue !== undefined && issue.path.length > 0 && issue.input !== undefined ? issue.input : value;
  return { error: invalid(name, layer.origin, part, wanted) };
}

function invalid(name: string, origin: Origin, value: unknown, wanted: string): string {
  return `Invalid value for ${name} ${describeOrigin(origin)}: ${pythonRepr(value)} (wanted: ${wanted})`;
}

/** Makes the folders among `values` absolute, in place, and returns an error for each that does not exist. */
function resolveFolders(values: Record<string, unknown>, origins: Record<string, Origin>, facts: Facts): string[] {
  const errors: string[] = [];
  const settle = (name: SettingName, base: string): string => {
    const given = values[name];
    if (typeof given !== 'string') return base;
    const path = resolve(base, given);
    if (!facts.isFolder(path)) {
      errors.push(invalid(name, origins[name] ?? { from: 'default' }, given, 'a folder that exists'));
    }
    values[name] = path;
    return path;
  };
  const base = settle('chdir', facts.cwd);
  for (const [name, { kind }] of SETTINGS) if (kind === 'optional folder') settle(name, base);
  return errors;
}

function warningsAbout(values: Readonly<Record<string, unknown>>, path: string): string[] {
  // None and False switch off what Tunicorn does not have yet: nothing to warn of.
  const asksForSomething = (name: string): boolean => values[name] !== null && values[name] !== false;
  const names = Object.keys(values).filter(
    (name) => !isSettingName(name) && GUNICORN_ONLY.has(name) && asksForSomething(name),
  );
  return names.sort().map((name) => `Setting '${name}' in ${path} has no effect yet`);
}

/** The path as people know it: without the current directory in front. */
function fileName(path: string, cwd: string): string {
  if (!isAbsolute(path)) return path;
  const fromHere = relative(cwd, path);
  return fromHere.startsWith('..') ? path : fromHere;
}
