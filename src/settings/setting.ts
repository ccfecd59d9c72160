// What a declaration in the settings table says. Declarations are plain data: flags, help, the page in docs/ and
// the checks of kinds.ts are all read from them, and `ValueOf` gives the type of the value.

import type { Hook, PythonCallable } from './kinds/python-callable.ts';
import type { Capability } from './missing-capabilities.ts';

export type Section =
  | 'Config File'
  | 'Server Socket'
  | 'Worker Processes'
  | 'Gateway'
  | 'HTTP Requests'
  | 'HTTP Responses'
  | 'Server Mechanics'
  | 'Process Naming'
  | 'Logging'
  | 'Metrics'
  | 'Debugging'
  | 'Server Hooks'
  | 'TLS'
  | 'HTTP/2'
  | 'ASGI'
  | 'Dirty Workers'
  | 'Control Socket';

/** Which process reads the setting. */
type Reader = 'arbiter' | 'gateway' | 'forkserver' | 'worker';

/** Facts about the starting process that a default may be taken from. */
export type DefaultSource = 'cwd' | 'userId' | 'groupId' | 'application';

/** `same`: what is good to know all the same. `better`: what is gained. `not`: why it is not done, and what to use instead. */
export type Migration = { readonly same: string } | { readonly better: string } | { readonly not: string };

interface Described {
  readonly section: Section;
  /** Empty: the setting exists in the config file only. */
  readonly flags: readonly string[];
  readonly metavar?: string;
  /** One sentence; `--help` shows it. Units belong here. */
  readonly summary: string;
  /** What else the page in docs/ says. */
  readonly detail?: string;
  /** Tunicorn's own setting; without it, the setting is Gunicorn's and keeps Gunicorn's meaning. */
  readonly own?: true;
  /** The capability that Tunicorn does not have yet, so that the setting is checked and has no effect: "Tunicorn has no ...". */
  readonly pending?: Capability;
  /**
   * What happens when a setting that has `pending` is set: a warning, unless it says `refuse`. That is for a setting that somebody relies
   * on, such as one about security: a server that ignored it would do harm that nobody sees.
   */
  readonly withoutIt?: 'refuse';
  /** How it differs from Gunicorn's, for those who come from there; without it, it does the same. */
  readonly migration?: Migration;
  readonly usedBy: readonly Reader[];
  /** Whether SIGHUP applies a changed value; if not, it takes a restart. */
  readonly reloadable: boolean;
  /** A default from the environment: `$NAME` in `value` stands for the variable's text. */
  readonly environment?: { readonly variable: string; readonly value: string; readonly whenEmpty: 'unset' | 'value' };
  readonly defaultFrom?: DefaultSource;
  /** What errors ask for, where the kind's own words do not say enough. */
  readonly wanted?: string;
  /** What `None` in the config file stands for, where the kind has no None. */
  readonly none?: string | number | boolean;
  /** The config file cannot set it: it is needed to find that file. */
  readonly notInFile?: true;
}

/** Each kind, with what its declaration holds besides, and the type of its value. */
interface Kinds {
  /** A whole number; on the command line decimal, in the file also a string such as "0x10". */
  uint: { readonly extra: { default: number; min?: number; max?: number }; readonly value: number };
  /** A time in seconds, with decimals. */
  seconds: { readonly extra: { default: number }; readonly value: number };
  /** As uint, but a leading 0 on the command line means octal. */
  'auto int': { readonly extra: { default: number; max?: number }; readonly value: number };
  /** `flagValue` is what the flag sets; true unless said otherwise. */
  bool: { readonly extra: { default: boolean; flagValue?: boolean }; readonly value: boolean };
  /** As bool; null means that Tunicorn decides. */
  'optional bool': { readonly extra: { default: null; flagValue?: boolean }; readonly value: boolean | null };
  /** Any string. */
  text: { readonly extra: { default: string }; readonly value: string };
  /** Never empty. */
  string: { readonly extra: { default: string }; readonly value: string };
  /** None and the empty string both mean "not set". */
  'optional string': { readonly extra: { default: string | null }; readonly value: string | null };
  /** As string; the form of a line in the access log, which compiles. */
  'log format': { readonly extra: { default: string }; readonly value: string };
  /**
   * One of some words, in any case. `otherwise` takes the place of every other word, with a warning. `flagAlone` is what the flag
   * means without a value. With `bools`, the file's True and False are the words `true` and `false`.
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
  /** Any string that a header field may have as its value; it may be empty. */
  'field value': { readonly extra: { default: string }; readonly value: string };
  /** As string list; each is `NAME: VALUE`, of a field that is an application's to give. */
  'field list': { readonly extra: { default: readonly string[] }; readonly value: readonly string[] };
  /** As string list; each is an address to listen on, and there is at least one. */
  'address list': { readonly extra: { default: readonly string[] }; readonly value: readonly string[] };
  /** As string list; each is NAME=VALUE. */
  'environment list': { readonly extra: { default: readonly string[] }; readonly value: readonly string[] };
  /** As string list; each is a path, or a URL of http or https with its path. */
  'request list': { readonly extra: { default: readonly string[] }; readonly value: readonly string[] };
  /** One string with commas, or in the file a list. With `names`, each is one of those, and none comes twice. */
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
  /** As optional folder, and it may not exist: another takes its place. */
  'preferred folder': { readonly extra: { default: null }; readonly value: string | null };
  /** The number of something, such as a user, or its name. */
  'number or name': { readonly extra: { default?: number }; readonly value: number | string };
  'syslog address': { readonly extra: { default: string }; readonly value: string };
  'statsd address': { readonly extra: { default: null }; readonly value: string | null };
  /** A function of the config file. `parameters` names the arguments that it is called with; it may take fewer of them. */
  hook: {
    readonly extra: { default: null; parameters: readonly string[]; leastParameters?: number };
    readonly value: Hook;
  };
  /** A class of the config file, or a name for one. */
  class: { readonly extra: { default: string }; readonly value: PythonCallable | string };
  /** Any dict of the config file; what JSON cannot hold is described, and is in Python only. */
  dict: {
    readonly extra: { default: Readonly<Record<string, never>> };
    readonly value: Readonly<Record<string, unknown>>;
  };
}

export type KindName = keyof Kinds;
export type DeclarationOf<K extends KindName> = Described & { readonly kind: K } & Readonly<Kinds[K]['extra']>;
export type Declaration = { [K in KindName]: DeclarationOf<K> }[KindName];
export type Declarations = Readonly<Record<string, Declaration>>;

/** The type of a declared setting's value: a choice is one of its words, anything else what its kind says. */
export type ValueOf<D extends Declaration> = D extends { kind: 'choice'; choices: readonly (infer C)[] }
  ? C
  : Kinds[D['kind']]['value'];
