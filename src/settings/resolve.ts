// From all sources of settings to one value for each, with its origin. Pure: the command calls it at start and at each
// reload. Precedence, low to high: default, framework, config file, GUNICORN_CMD_ARGS, command line, overrides; a layer
// replaces, never merges.

import { resolve } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { chooseWorkerClass } from './for-processes/choose-worker-class.ts';
import type { WorkerClass } from './for-processes/worker-classes.ts';
import { checkOf } from './kinds/kinds.ts';
import { pythonRepr } from './kinds/python-repr.ts';
import { defaultLayer, type Facts, type FlagValues, isGiven, type Layer, layersOf, type Sources } from './layers.ts';
import { MISSING } from './missing-capabilities.ts';
import { nearMisses } from './near-miss.ts';
import { describeOrigin, type Origin } from './origin.ts';
import type { Declaration } from './setting.ts';
import { SETTINGS, type SettingName, type Settings } from './settings.ts';

export type Origins = { readonly [Name in SettingName]: Origin };

export interface SettingsAndOrigins {
  readonly settings: Settings;
  readonly origins: Origins;
  readonly workerClass: WorkerClass;
}

export type Resolution =
  | (SettingsAndOrigins & { readonly ok: true; readonly warnings: readonly string[] })
  | { readonly ok: false; readonly errors: readonly string[] };

/** A whole dict in the place of a name must not hide what is said of it. */
const SHOWN_LENGTH = 300;

type Values = Readonly<Record<string, unknown>>;

type Outcome = { readonly value: unknown; readonly warning?: string } | { readonly error: string };

export function resolveSettings(sources: Sources, facts: Facts): Resolution {
  const layers = layersOf(sources, facts.cwd);
  const values: Record<string, unknown> = {};
  const origins: Record<string, Origin> = {};
  const errors: string[] = [];
  const warnings: string[] = [];

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
  if (errors.length === 0) errors.push(...refusals(values, origins));
  if (errors.length > 0) return { ok: false, errors };
  warnings.push(...warningsAbout(values, origins));
  for (const { origin, values: names } of layers.filter(({ origin }) => origin.from === 'file')) {
    for (const { name, meant } of nearMisses(names, SETTINGS)) {
      warnings.push(`'${name}' ${describeOrigin(origin)} is no setting; did you mean '${meant}'?`);
    }
  }
  // Each name of the table has been given the value that its own check returned.
  const settings = values as Settings;
  const choice = chooseWorkerClass(settings.worker_class, settings.threads, sources.ownWorkerClass);
  if (!choice.ok) {
    const origin = originOf(origins, 'worker_class');
    return { ok: false, errors: [invalid('worker_class', origin, settings.worker_class, choice.wanted)] };
  }
  return { ok: true, settings, origins: origins as Origins, workerClass: choice.workerClass, warnings };
}

/** The config file to evaluate, as `-c` wants it; null means ./gunicorn.conf.py if there is one. */
export function configLocation(commandArgs: FlagValues, commandLine: FlagValues): string | null {
  const location = commandLine.config || commandArgs.config;
  return typeof location === 'string' && location !== '' ? location : null;
}

function check(name: string, declaration: Declaration, layer: Layer): Outcome {
  const given = layer.values[name];
  const value = given === null && declaration.none !== undefined ? declaration.none : given;
  const { ofFile, ofText, wanted } = checkOf(declaration);
  const result = (layer.form === 'python' ? ofFile : ofText).safeParse(value, { reportInput: true });
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
  const whole = pythonRepr(value);
  const shown = whole.length > SHOWN_LENGTH ? `${whole.slice(0, SHOWN_LENGTH)}...` : whole;
  return `Invalid value for ${name} ${describeOrigin(origin)}: ${shown} (wanted: ${wanted})`;
}

/** Makes the folders among `values` absolute, in place, and returns an error for each that has to exist and does not. */
function resolveFolders(values: Record<string, unknown>, origins: Record<string, Origin>, facts: Facts): string[] {
  const errors: string[] = [];
  const settle = (name: SettingName, base: string, mayBeMissing = false): string => {
    const given = values[name];
    if (typeof given !== 'string') return base;
    const path = resolve(base, given);
    if (!mayBeMissing && !facts.isFolder(path)) {
      errors.push(invalid(name, originOf(origins, name), given, 'a folder that exists'));
    }
    values[name] = path;
    return path;
  };
  const base = settle('chdir', facts.cwd);
  for (const [name, { kind }] of SETTINGS) {
    if (kind === 'optional folder') settle(name, base);
    if (kind === 'preferred folder') settle(name, base, true);
  }
  return errors;
}

/** An error for each setting that must not be ignored, and has no effect yet. */
function refusals(values: Values, origins: Readonly<Record<string, Origin>>): string[] {
  return SETTINGS.flatMap(([name, declaration]: readonly [string, Declaration]) => {
    const { pending, withoutIt } = declaration;
    if (pending === undefined || withoutIt !== 'refuse' || !isAsked(name, declaration, values, origins)) return [];
    const { consequence, instead, page } = MISSING[pending];
    const more = page === undefined ? '' : ` (docs/${page})`;
    return [
      `Setting '${name}' ${describeOrigin(originOf(origins, name))} is refused: Tunicorn has no ${pending} yet, and ${consequence}. ` +
        `${instead}${more}, and leave the setting out`,
    ];
  });
}

/** A line for each setting that asks for something that there is not. */
function warningsAbout(values: Values, origins: Readonly<Record<string, Origin>>): string[] {
  return SETTINGS.flatMap(([name, declaration]) => {
    const why = whyWithoutEffect(declaration);
    if (why === null || !isAsked(name, declaration, values, origins)) return [];
    return [`Setting '${name}' ${describeOrigin(originOf(origins, name))} has no effect${why}`];
  });
}

/** Whether somebody has set it to something else than its default. */
function isAsked(
  name: string,
  declaration: Declaration,
  values: Values,
  origins: Readonly<Record<string, Origin>>,
): boolean {
  const { from } = originOf(origins, name);
  return from !== 'default' && from !== 'environment' && !isDeepStrictEqual(values[name], declaration.default);
}

function whyWithoutEffect({ pending, migration }: Declaration): string | null {
  if (pending !== undefined) return ` yet: Tunicorn has no ${pending}`;
  return migration !== undefined && 'not' in migration ? `. ${migration.not}` : null;
}

function originOf(origins: Readonly<Record<string, Origin>>, name: string): Origin {
  return origins[name] ?? { from: 'default' };
}
