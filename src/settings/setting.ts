// The types of declarations in the settings table. Declarations are plain data: flags, help, the page in docs/ and the checks in kinds.ts
// all follow from them, and `ValueOf` is the type of the value.

import type { Hook, PythonCallable } from './kinds/python-callable.ts';
import type { Capability } from './missing-capabilities.ts';

export type Section =
  | 'Config File'
  | 'Server Socket'
  | 'Worker Processes'
  | 'Gateway'
  | 'HTTP Requests'
  | 'HTTP Responses'
  | 'Static Files'
  | 'Server Mechanics'
  | 'Process Naming'
  | 'Logging'
  | 'Metrics'
  | 'Health and Metrics'
  | 'Debugging'
  | 'Server Hooks'
  | 'TLS'
  | 'HTTP/2'
  | 'ASGI'
  | 'Dirty Workers'
  | 'Control Socket';

/** The processes that read the setting. */
type Reader = 'arbiter' | 'gateway' | 'forkserver' | 'worker';

/** Facts about the starting process that may be defaults. */
export type DefaultSource = 'cwd' | 'userId' | 'groupId' | 'application';

/** `same`: worth knowing, though the setting does the same. `better`: the advantage. `not`: why it has no effect, and the alternative. */
export type Migration = { readonly same: string } | { readonly better: string } | { readonly not: string };

interface Described {
  readonly section: Section;
  /** Empty: the setting has no flag. */
  readonly flags: readonly string[];
  readonly metavar?: string;
  /** One sentence for `--help`, with the unit. */
  readonly summary: string;
  /** More text for the page in docs/. */
  readonly detail?: string;
  /** True for Tunicorn's own settings; all others are Gunicorn's and keep Gunicorn's meaning. */
  readonly own?: true;
  /** A capability that Tunicorn does not have yet: the setting is checked and has no effect. As in "Tunicorn has no ...". */
  readonly pending?: Capability;
  /**
   * The reaction if a setting with `pending` is set: a warning by default. `refuse` is for settings that users rely on, such as those about
   * security: ignoring them would do harm unnoticed.
   */
  readonly withoutIt?: 'refuse';
  /** The difference from Gunicorn, for docs/migrating.md; if missing, there is none. */
  readonly migration?: Migration;
  readonly usedBy: readonly Reader[];
  /** Whether SIGHUP applies a changed value; otherwise a restart does. */
  readonly reloadable: boolean;
  /** A default from the environment: `$NAME` in `value` is replaced by the variable's text. */
  readonly environment?: { readonly variable: string; readonly value: string; readonly whenEmpty: 'unset' | 'value' };
  readonly defaultFrom?: DefaultSource;
  /** The wanted form in errors, if the kind's own words are not enough. */
  readonly wanted?: string;
  /** The value of `None` in the config file, for kinds without None. */
  readonly none?: string | number | boolean;
  /** The config file cannot set it, because it is needed to find that file. */
  readonly notInFile?: true;
  /** The value is left out of every list of the settings. */
  readonly isSecret?: true;
}

/** Each kind, with the additional members of its declaration and the type of its value. */
interface Kinds {
  /** A whole number: decimal on the command line; in the file also a string such as "0x10". */
  uint: { readonly extra: { default: number; min?: number; max?: number }; readonly value: number };
  /** A time in seconds, with decimals. */
  seconds: { readonly extra: { default: number }; readonly value: number };
  /** As uint, but a leading 0 on the command line means octal. */
  'auto int': { readonly extra: { default: number; max?: number }; readonly value: number };
  /** `flagValue` is the value that the flag sets; true by default. */
  bool: { readonly extra: { default: boolean; flagValue?: boolean }; readonly value: boolean };
  /** As bool; with null, Tunicorn decides. */
  'optional bool': { readonly extra: { default: null; flagValue?: boolean }; readonly value: boolean | null };
  /** Any string. */
  text: { readonly extra: { default: string }; readonly value: string };
  /** Never empty. */
  string: { readonly extra: { default: string }; readonly value: string };
  /** None and the empty string both mean "not set". */
  'optional string': { readonly extra: { default: string | null }; readonly value: string | null };
  /** As string; a format of the access log that compiles. */
  'log format': { readonly extra: { default: string }; readonly value: string };
  /**
   * One of some words, in any case. `otherwise` replaces every other word, with a warning. `flagAlone` is the meaning of the flag without a
   * value. With `bools`, True and False in the file are the words `true` and `false`.
   */
  choice: {
    readonly extra: {
      choices: readonly string[];
      default: string;
      synonyms?: Readonly<Record<string, string>>;
      otherwise?: string;
      flagAlone?: string;
      bools?: true;
    };
    readonly value: string;
  };
  /** The flag may be repeated; a single string in the file is a list of one. */
  'string list': { readonly extra: { default: readonly string[] }; readonly value: readonly string[] };
  /** Any string that is a valid value of a header field; may be empty. */
  'field value': { readonly extra: { default: string }; readonly value: string };
  /** As string list; each is `NAME: VALUE`, for a field that an application may set. */
  'field list': { readonly extra: { default: readonly string[] }; readonly value: readonly string[] };
  /** As string list; at least one address to listen on. With `mayBeEmpty` perhaps none, and each TCP address names its port. */
  'address list': {
    readonly extra: { default: readonly string[]; mayBeEmpty?: true };
    readonly value: readonly string[];
  };
  /** As string list; each is NAME=VALUE. */
  'environment list': { readonly extra: { default: readonly string[] }; readonly value: readonly string[] };
  /** As string list; each is a path, or a URL of http or https with its path. */
  'request list': { readonly extra: { default: readonly string[] }; readonly value: readonly string[] };
  /** One string with commas, or in the file a list. With `names`, each is one of those, without repetition. */
  'name list': {
    readonly extra: { default: readonly string[]; names?: readonly string[] };
    readonly value: readonly string[];
  };
  /** As name list; each is `*`, an IP address or a network. */
  'network list': { readonly extra: { default: readonly string[] }; readonly value: readonly string[] };
  'string map': {
    readonly extra: { default: Readonly<Record<string, string>> };
    readonly value: Readonly<Record<string, string>>;
  };
  /** A folder that exists; the value is absolute. `chdir` is relative to the current directory, others to `chdir`. */
  folder: { readonly extra: { default?: string }; readonly value: string };
  'optional folder': { readonly extra: { default: null }; readonly value: string | null };
  /** As optional folder, but it need not exist: another one replaces it. */
  'preferred folder': { readonly extra: { default: null }; readonly value: string | null };
  /** As string list; each is a folder that exists, and absolute in the value. */
  'folder list': { readonly extra: { default: readonly string[] }; readonly value: readonly string[] };
  /** As string list; each is PREFIX=FOLDER, with a folder that exists, absolute in the value. */
  'folder by prefix': { readonly extra: { default: readonly string[] }; readonly value: readonly string[] };
  /** As string list; each is the beginning of a URL's path. */
  'route list': { readonly extra: { default: readonly string[] }; readonly value: readonly string[] };
  /** A name without a folder; None and the empty string mean "not set". */
  'optional file name': { readonly extra: { default: null }; readonly value: string | null };
  /** A number or a name, for example of a user. */
  'number or name': { readonly extra: { default?: number }; readonly value: number | string };
  'syslog address': { readonly extra: { default: string }; readonly value: string };
  'statsd address': { readonly extra: { default: null }; readonly value: string | null };
  /** A function of the config file. `parameters` names its arguments; it may take fewer of them. */
  hook: {
    readonly extra: { default: null; parameters: readonly string[]; leastParameters?: number };
    readonly value: Hook;
  };
  /** A class of the config file, or its name. */
  class: { readonly extra: { default: string }; readonly value: PythonCallable | string };
  /** Any dict of the config file; values that JSON cannot hold stay in Python and are described here. */
  dict: {
    readonly extra: { default: Readonly<Record<string, never>> };
    readonly value: Readonly<Record<string, unknown>>;
  };
}

export type KindName = keyof Kinds;
export type DeclarationOf<K extends KindName> = Described & { readonly kind: K } & Readonly<Kinds[K]['extra']>;
export type Declaration = { [K in KindName]: DeclarationOf<K> }[KindName];
export type Declarations = Readonly<Record<string, Declaration>>;

/** The type of a declared setting's value: for a choice, one of its words; otherwise its kind's. */
export type ValueOf<D extends Declaration> = D extends { kind: 'choice'; choices: readonly (infer C)[] }
  ? C
  : Kinds[D['kind']]['value'];
