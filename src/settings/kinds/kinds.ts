// The checks of each kind of setting: they turn a value from the config file, or a text from a command line or the environment, into the
// setting's value. Pure.

import * as z from 'zod';
import { compileAccessLogFormat } from '../../log/access-log-format.ts';
import { isFieldLine, isFieldValue } from '../response-fields.ts';
import type { Declaration, DeclarationOf, KindName } from '../setting.ts';
import { isOwnAddress, parseBindAddress } from './bind-address.ts';
import { isNetwork } from './ip-network.ts';
import { isStatsdAddress, isSyslogAddress } from './log-addresses.ts';
import { classCheck, hookCheck, isPythonCallable, wantedHook } from './python-callable.ts';
import { parseDecimal, parseOctalOrPrefixed, parsePrefixed, parseSeconds } from './python-int.ts';

export interface Check {
  /** For a value from the config file. */
  readonly ofFile: z.ZodType;
  /** For a flag or environment variable: a string, a list of strings for a repeatable flag, or a boolean. */
  readonly ofText: z.ZodType;
  /** The wanted form, for errors. */
  readonly wanted: string;
}

const KINDS_IN_LISTS: ReadonlySet<KindName> = new Set([
  'string list',
  'address list',
  'environment list',
  'field list',
  'request list',
  'folder list',
  'folder by prefix',
  'route list',
]);

/** Kinds with a repeatable flag: each use adds to the list. */
export function isRepeatable(kind: KindName): boolean {
  return KINDS_IN_LISTS.has(kind);
}

/** Stripped, as Gunicorn strips every string. */
const string = z.string().trim();
const name = string.min(1);
const optionalString = string.nullable().transform((text) => (text === '' ? null : text));

/** Segments without `.` and `..`, which no request for a file has; not repeated slashes. */
const ROUTE = /^(?:\/|(?:\/(?!\.{1,2}(?:\/|$))[^/\\?#\s]+)+\/?)$/;
const FILE_NAME = /^(?!\.)[^/\\\0]+$/;

/** Cached: building a schema costs far more than using it, and each reload checks every setting again. */
const checks = new WeakMap<Declaration, Check>();

export function checkOf(declaration: Declaration): Check {
  const built = checks.get(declaration);
  if (built !== undefined) return built;
  const { ofFile, ofText, wanted } = checkOfKind(declaration);
  const check = { ofFile, ofText: ofText ?? ofFile, wanted: declaration.wanted ?? wanted };
  checks.set(declaration, check);
  return check;
}

function checkOfKind(declaration: Declaration): Omit<Check, 'ofText'> & { readonly ofText?: z.ZodType } {
  switch (declaration.kind) {
    case 'uint': {
      const { min = 0, max } = declaration;
      const range = max === undefined ? z.int().min(min) : z.int().min(min).max(max);
      const wanted = max === undefined ? `${min} or more` : `${min} to ${max}`;
      return { ...numberCheck(range, parseDecimal), wanted: `a whole number, ${wanted}` };
    }
    case 'seconds':
      return { ...numberCheck(z.number().min(0), parseSeconds, parseSeconds), wanted: 'seconds, such as 1.5' };
    case 'auto int': {
      const range = declaration.max === undefined ? z.int().min(0) : z.int().min(0).max(declaration.max);
      const wanted = declaration.max === undefined ? '' : `, at most 0o${declaration.max.toString(8)}`;
      return { ...numberCheck(range, parseOctalOrPrefixed), wanted: `a whole number, such as 0o22${wanted}` };
    }
    case 'bool':
      return { ofFile: z.union([z.boolean(), boolFromText, z.null().transform(() => false)]), wanted: 'True or False' };
    case 'optional bool':
      return { ofFile: z.union([z.boolean(), boolFromText, z.null()]), wanted: 'True, False or None' };
    case 'text':
      return { ofFile: z.union([string, z.null().transform(() => '')]), wanted: 'a string' };
    case 'field value':
      return {
        ofFile: z.union([string.refine(isFieldValue), z.null().transform(() => '')]),
        wanted: 'text that fits into one line of Latin-1',
      };
    case 'field list':
      return {
        ofFile: listOf(string.refine(isFieldLine), wrap),
        wanted: "NAME: VALUE of a field that is not the server's own, or a list of such",
      };
    case 'string':
      return { ofFile: name, wanted: 'a string that is not empty' };
    case 'log format':
      return {
        ofFile: name.refine((text) => compileAccessLogFormat(text).ok),
        wanted: "%(NAME)s for each value, as in '%(h)s' or '%({x-request-id}i)s', and %% for a percent sign",
      };
    case 'optional string':
    case 'optional folder':
    case 'preferred folder':
      return { ofFile: optionalString, wanted: 'a string, or None' };
    case 'folder':
      return { ofFile: string, wanted: 'a string' };
    case 'choice':
      return { ofFile: choiceCheck(declaration), wanted: declaration.choices.join(', ') };
    case 'string list':
      return { ofFile: listOf(string, wrap), wanted: 'a string, or a list of strings' };
    case 'address list':
      return addressListCheck(declaration);
    case 'environment list':
      return { ofFile: listOf(string.regex(/^[^=\0]+=[^\0]*$/), wrap), wanted: 'NAME=VALUE, or a list of such' };
    case 'request list':
      return {
        ofFile: listOf(string.regex(/^(?:https?:\/\/[!-.0->@-~]+)?\/[!-"$-~]*$/i), wrap),
        wanted: 'a path such as /health, or a URL such as https://www.example.org/health, or a list of such',
      };
    case 'folder list':
      return { ofFile: listOf(name, wrap), wanted: 'a folder that exists, or a list of such' };
    case 'folder by prefix':
      return {
        ofFile: listOf(
          string.refine((text) => ROUTE.test(text.split('=')[0] ?? '') && /^[^=]*=./.test(text)),
          wrap,
        ),
        wanted: 'PREFIX=FOLDER such as /protected=/srv/protected, or a list of such',
      };
    case 'route list':
      return {
        ofFile: listOf(string.regex(ROUTE), wrap),
        wanted: 'a path such as /static, or a list of such',
      };
    case 'optional file name':
      return {
        ofFile: optionalString.refine((text) => text === null || FILE_NAME.test(text)),
        wanted: 'a file name such as index.html, or None',
      };
    case 'name list':
      return nameListCheck(declaration);
    case 'network list':
      return {
        ofFile: listOf(
          string.refine((text) => text === '*' || isNetwork(text)),
          splitAtCommas,
        ),
        wanted: "'*', or IP addresses and networks such as 10.0.0.0/8, separated by commas",
      };
    case 'string map':
      return { ofFile: z.record(z.string(), z.string()), wanted: 'a dict of strings' };
    case 'number or name':
      return { ofFile: z.union([numberOrName, z.int().min(0)]), wanted: 'a name, or a whole number' };
    case 'syslog address':
      return { ofFile: string.refine(isSyslogAddress), wanted: 'unix://PATH, udp://HOST:PORT or tcp://HOST:PORT' };
    case 'statsd address':
      return {
        ofFile: optionalString.refine((text) => text === null || isStatsdAddress(text)),
        wanted: 'HOST:PORT or unix://PATH',
      };
    case 'hook': {
      const { parameters, leastParameters } = declaration;
      return { ofFile: hookCheck(parameters, leastParameters), wanted: wantedHook(parameters, leastParameters) };
    }
    case 'class':
      return { ofFile: classCheck(), wanted: 'a class, or its import path' };
    case 'dict':
      return { ofFile: z.record(z.string(), z.unknown()).refine(isPlainDict), wanted: 'a dict' };
  }
}

/** In the file a bool is also a number, as in Python, and text may have Python's prefixes; elsewhere `parseText` reads it. */
function numberCheck(
  range: z.ZodType<number, number>,
  parseText: (text: string) => number | null,
  parseFileText: (text: string) => number | null = parsePrefixed,
): Omit<Check, 'wanted'> {
  const fromBool = z.boolean().transform(Number);
  return {
    ofFile: z.union([z.number(), fromBool, numberFrom(parseFileText)]).pipe(range),
    ofText: numberFrom(parseText).pipe(range),
  };
}

function numberFrom(parse: (text: string) => number | null): z.ZodType<number, string> {
  return z.string().transform((text, context) => {
    const number = parse(text);
    if (number !== null) return number;
    context.issues.push({ code: 'custom', input: text });
    return z.NEVER;
  });
}

const boolFromText = string
  .toLowerCase()
  .pipe(z.enum(['true', 'false']))
  .transform((word) => word === 'true');

const numberOrName = name.transform((text) => (/^\d+$/.test(text) ? Number(text) : text));

function choiceCheck(declaration: DeclarationOf<'choice'>): z.ZodType {
  const { choices, synonyms = {}, bools } = declaration;
  const meant = (word: string): string => (Object.hasOwn(synonyms, word) ? (synonyms[word] ?? word) : word);
  const words = string
    .toLowerCase()
    .transform(meant)
    .refine((word) => choices.includes(word));
  return bools === true ? z.preprocess((value) => (typeof value === 'boolean' ? String(value) : value), words) : words;
}

function addressListCheck({ mayBeEmpty }: DeclarationOf<'address list'>): Omit<Check, 'ofText'> {
  if (mayBeEmpty === true) {
    return {
      ofFile: listOf(string.refine(isOwnAddress), wrap),
      wanted: 'HOST:PORT, :PORT, [IPV6]:PORT or unix:PATH, or a list of such',
    };
  }
  return {
    ofFile: listOf(
      string.refine((text) => parseBindAddress(text).ok),
      wrap,
      1,
    ),
    wanted: 'HOST, HOST:PORT, [IPV6]:PORT, unix:PATH or fd://N, or a list of such',
  };
}

function nameListCheck({ names }: DeclarationOf<'name list'>): Omit<Check, 'ofText'> {
  if (names === undefined) return { ofFile: listOf(name, splitAtCommas), wanted: 'names, separated by commas' };
  const known = string.toLowerCase().refine((text) => names.includes(text));
  const eachOnce = listOf(known, splitAtCommas, 1).refine((list) => new Set(list).size === list.length);
  return { ofFile: eachOnce, wanted: `one or more of ${names.join(', ')}, each once, separated by commas` };
}

/** A real dict, not one of config_file.py's descriptions of values that JSON cannot hold. */
function isPlainDict(value: Readonly<Record<string, unknown>>): boolean {
  return !isPythonCallable(value) && !(Object.keys(value).length === 1 && typeof value.$repr === 'string');
}

/** A list of items, or a string that `split` turns into one. An empty string or None is an empty list. */
function listOf(item: z.ZodType<string, string>, split: (text: string) => string[], min = 0): z.ZodType<string[]> {
  const items = (value: unknown): unknown => {
    if (value === null || value === '') return [];
    return typeof value === 'string' ? split(value) : value;
  };
  return z.preprocess(items, z.array(item).min(min));
}

function wrap(text: string): string[] {
  return [text];
}

function splitAtCommas(text: string): string[] {
  return text.split(',').filter((part) => part !== '');
}
