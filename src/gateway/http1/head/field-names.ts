// The meaning of a header field's name under the current settings, worked out once per spelling. The parser looks up every name here, so
// that checking, upper-casing and the environ key cost one Map access on the hot path.

import { detached } from '../../../runqueue/latin1.ts';

const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;

/** Fields that affect the gateway itself. */
const ROLES = {
  HOST: 'host',
  CONNECTION: 'connection',
  'CONTENT-LENGTH': 'content-length',
  'TRANSFER-ENCODING': 'transfer-encoding',
  EXPECT: 'expect',
  SCRIPT_NAME: 'script-name',
} as const;

export type FieldRole = 'ordinary' | 'forwarded' | (typeof ROLES)[keyof typeof ROLES];

/** How to treat a field whose name has an underscore: `HTTP_X_Y` cannot tell `X_Y` from `X-Y`. */
type Admission = 'keep' | 'drop' | 'refuse';

/** Shared by all names with the same key; `slot` is the index of the value in the current parse, valid while `parse` is current. */
export interface EnvironKey {
  /** `HTTP_ACCEPT` and a NUL. */
  readonly withNul: string;
  readonly separator: string;
  parse: number;
  slot: number;
}

export interface FieldName {
  /** Upper-case. */
  readonly name: string;
  /** Lower-case, between two NULs. */
  readonly asRaw: string;
  readonly environKey: EnvironKey;
  readonly role: FieldRole;
  /** A message may have at most one such field. */
  readonly singleton: boolean;
  /** The value of this field by which a trusted peer states that the client used TLS. */
  readonly secureValue: string | null;
  readonly forbiddenInTrailers: boolean;
  readonly admission: Admission;
  readonly admissionFromTrusted: Admission;
  /** Number of the parse that last saw this name. */
  parse: number;
}

export interface FieldNameSettings {
  readonly headerMap: 'drop' | 'refuse' | 'dangerous';
  readonly forwarderHeaders: readonly string[];
  readonly secureSchemeHeaders: Readonly<Record<string, string>>;
  /** Whether Forwarded (RFC 7239) determines the scheme, too. */
  readonly forwardedHeader: boolean;
}

const SINGLETONS = new Set(['HOST', 'CONTENT-TYPE']);
const FORBIDDEN_IN_TRAILERS = new Set([
  'HOST',
  'CONTENT-LENGTH',
  'TRANSFER-ENCODING',
  'TRAILER',
  'AUTHORIZATION',
  'TE',
]);

// Clients can invent names without end: the cache is emptied when it exceeds this.
const LEARNED_CHARS = 131_072;

export class FieldNames {
  readonly #settings: FieldNameSettings;
  readonly #bySpelling = new Map<string, FieldName>();
  readonly #byName = new Map<string, FieldName>();
  readonly #environKeys = new Map<string, EnvironKey>();
  #learnedChars = 0;
  #parse = 0;

  constructor(settings: FieldNameSettings) {
    this.#settings = settings;
  }

  /** Numbers a new parse. Names may be forgotten only here: within a parse a name must stay the same object. */
  beginParse(): number {
    if (this.#learnedChars > LEARNED_CHARS) {
      this.#bySpelling.clear();
      this.#byName.clear();
      this.#environKeys.clear();
      this.#learnedChars = 0;
    }
    this.#parse += 1;
    return this.#parse;
  }

  /** Undefined if `spelling` is not a token (RFC 9110 section 5.6.2). */
  find(spelling: string): FieldName | undefined {
    return this.#bySpelling.get(spelling) ?? this.#learn(spelling);
  }

  #learn(spelling: string): FieldName | undefined {
    if (!TOKEN.test(spelling)) return undefined;
    const name = spelling.toUpperCase();
    let field = this.#byName.get(name);
    if (field === undefined) {
      field = this.#describe(name);
      this.#byName.set(name, field);
    }
    // A copy: the spelling is a slice that would keep the whole head alive as long as the Map.
    this.#bySpelling.set(detached(spelling), field);
    this.#learnedChars += spelling.length + 64;
    return field;
  }

  #describe(upperName: string): FieldName {
    const name = detached(upperName);
    const { headerMap, forwarderHeaders, secureSchemeHeaders } = this.#settings;
    const policy: Admission = headerMap === 'dangerous' || !name.includes('_') ? 'keep' : headerMap;
    const forwarded = forwarderHeaders.includes('*') || forwarderHeaders.includes(name);
    return {
      name,
      asRaw: `\0${name.toLowerCase()}\0`,
      environKey: this.#environKey(name),
      role: this.#roleOf(name),
      singleton: SINGLETONS.has(name),
      secureValue: Object.hasOwn(secureSchemeHeaders, name) ? (secureSchemeHeaders[name] ?? null) : null,
      forbiddenInTrailers: FORBIDDEN_IN_TRAILERS.has(name),
      admission: policy,
      admissionFromTrusted: forwarded ? 'keep' : policy,
      parse: 0,
    };
  }

  #roleOf(name: string): FieldRole {
    if (name === 'FORWARDED' && this.#settings.forwardedHeader) return 'forwarded';
    return Object.hasOwn(ROLES, name) ? ROLES[name as keyof typeof ROLES] : 'ordinary';
  }

  #environKey(name: string): EnvironKey {
    const key = name === 'CONTENT-TYPE' || name === 'CONTENT-LENGTH' ? name : `HTTP_${name}`;
    const withNul = `${key.replaceAll('-', '_')}\0`;
    const known = this.#environKeys.get(withNul);
    if (known !== undefined) return known;
    // RFC 6265 section 5.4 splits a cookie string at `; `: a comma would become part of a cookie's value.
    const environKey = { withNul, separator: name === 'COOKIE' ? '; ' : ',', parse: 0, slot: 0 };
    this.#environKeys.set(withNul, environKey);
    return environKey;
  }
}
