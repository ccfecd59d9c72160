// Resolves all sources of settings to one value each, with its origin. Pure. Precedence, low to high: default, framework, config file,
// GUNICORN_CMD_ARGS, command line, overrides. A layer replaces values, and never merges them.

import { resolve } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { SETTINGS_MESSAGES } from '../log/catalog/settings.ts';
import { type Entry, entry } from '../log/message.ts';
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
import { unpairedMounts } from './static-mounts.ts';

export type Origins = { readonly [Name in SettingName]: Origin };

export interface SettingsAndOrigins {
  readonly settings: Settings;
  readonly origins: Origins;
  readonly workerClass: WorkerClass;
}

export type Resolution =
  | (SettingsAndOrigins & { readonly ok: true; readonly warnings: readonly Entry[] })
  | { readonly ok: false; readonly errors: readonly string[] };

/** Longest value in an error text: a whole dict must not hide the error. */
const SHOWN_LENGTH = 300;

type Values = Readonly<Record<string, unknown>>;

type Outcome = { readonly value: unknown; readonly warning?: Entry } | { readonly error: string };

export function resolveSettings(sources: Sources, facts: Facts): Resolution {
  const layers = layersOf(sources, facts.cwd);
  const values: Record<string, unknown> = {};
  const origins: Record<string, Origin> = {};
  const errors: string[] = [];
  const warnings: Entry[] = [];

  for (const [name, declaration] of SETTINGS) {
    const given = layers.filter((layer) => isGiven(layer, name, declaration));
    if (given.length === 0) {
      const layer = defaultLayer(name, declaration, sources.environment, facts);
      if (layer === null) {
        // Each default is its own checked value: building its check would be a third of the arbiter's start.
        values[name] = declaration.default;
        origins[name] = { from: 'default' };
      } else given.push(layer);
    }
    // Checks every layer, even overridden ones: a mistake in the config file should not surface only on the day that a flag is dropped.
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
  if (errors.length === 0) errors.push(...unpaired(values as Settings, origins));
  if (errors.length > 0) return { ok: false, errors };
  warnings.push(...warningsAbout(values, origins));
  for (const { origin, values: names } of layers.filter(({ origin }) => origin.from === 'file')) {
    for (const { name, meant } of nearMisses(names, SETTINGS)) {
      const values = { name, origin: describeOrigin(origin), setting: meant };
      warnings.push(entry(SETTINGS_MESSAGES.misspeltSetting, values));
    }
  }
  // Each name of the table now has the value that its own check returned.
  const settings = values as Settings;
  const choice = chooseWorkerClass(settings.worker_class, settings.threads, sources.ownWorkerClass);
  if (!choice.ok) {
    const origin = originOf(origins, 'worker_class');
    return { ok: false, errors: [invalid('worker_class', origin, settings.worker_class, choice.wanted)] };
  }
  return { ok: true, settings, origins: origins as Origins, workerClass: choice.workerClass, warnings };
}

/** The value of `-c`; null means ./gunicorn.conf.py, if it exists. */
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
    const origin = describeOrigin(layer.origin);
    const used = declaration.otherwise;
    const values = { setting: name, origin, value: pythonRepr(value), known: wanted, used };
    return { value: used, warning: entry(SETTINGS_MESSAGES.unknownChoice, values) };
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

/** Makes the folders among `values` absolute, in place. Returns an error for each required folder that does not exist. */
function resolveFolders(values: Record<string, unknown>, origins: Record<string, Origin>, facts: Facts): string[] {
  const errors: string[] = [];
  const makeAbsolute = (name: SettingName, base: string, mayBeMissing = false): string => {
    const given = values[name];
    if (typeof given !== 'string') return base;
    const path = resolve(base, given);
    if (!mayBeMissing && !facts.isFolder(path)) {
      errors.push(invalid(name, originOf(origins, name), given, 'a folder that exists'));
    }
    values[name] = path;
    return path;
  };
  const base = makeAbsolute('chdir', facts.cwd);
  for (const [name, { kind }] of SETTINGS) {
    if (kind === 'optional folder') makeAbsolute(name, base);
    if (kind === 'preferred folder') makeAbsolute(name, base, true);
    if (kind === 'folder list' || kind === 'folder by prefix') {
      values[name] = (values[name] as readonly string[]).map((text) => {
        const prefix = kind === 'folder list' ? '' : text.slice(0, text.indexOf('=') + 1);
        const folder = resolve(base, text.slice(prefix.length));
        if (!facts.isFolder(folder)) errors.push(invalid(name, originOf(origins, name), text, 'a folder that exists'));
        return prefix + folder;
      });
    }
  }
  return errors;
}

function unpaired(settings: Settings, origins: Readonly<Record<string, Origin>>): string[] {
  const why = unpairedMounts(settings, originOf(origins, 'static_path_route').from !== 'default');
  return why === null ? [] : [why];
}

/** One error per setting that has no effect yet but must not be ignored. */
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

/** One warning per setting that has no effect. */
function warningsAbout(values: Values, origins: Readonly<Record<string, Origin>>): Entry[] {
  return SETTINGS.flatMap(([setting, declaration]: readonly [string, Declaration]) => {
    const { pending, migration } = declaration;
    if (!isAsked(setting, declaration, values, origins)) return [];
    const origin = describeOrigin(originOf(origins, setting));
    if (pending !== undefined) return [entry(SETTINGS_MESSAGES.noEffectYet, { setting, origin, capability: pending })];
    if (migration === undefined || !('not' in migration)) return [];
    return [entry(SETTINGS_MESSAGES.noEffect, { setting, origin, reason: migration.not })];
  });
}

/** Whether the user has set it to something else than its default. */
function isAsked(
  name: string,
  declaration: Declaration,
  values: Values,
  origins: Readonly<Record<string, Origin>>,
): boolean {
  const { from } = originOf(origins, name);
  return from !== 'default' && from !== 'environment' && !isDeepStrictEqual(values[name], declaration.default);
}

function originOf(origins: Readonly<Record<string, Origin>>, name: string): Origin {
  return origins[name] ?? { from: 'default' };
}
