// What a header field's name means under the current settings, worked out once per spelling. The parser looks every
// name up here, so that checking, upper-casing and the environ key cost one Map access on the hot path.

import { detached } from '../../../runqueue/latin1.ts';

const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;

/** Fields whose value the gateway itself acts on. */
const ROLES = {
  HOST: 'host',
  CONNECTION: 'connection',
  'CONTENT-LENGTH': 'content-length',
  'TRANSFER-ENCODING': 'transfer-encoding',
  EXPECT: 'expect',
  SCRIPT_NAME: 'script-name',
} as const;

export type FieldRole = 'ordinary' | 'forwarded' | (typeof ROLES)[keyof typeof ROLES];

/** What becomes of a field whose name has an underscore: `HTTP_X_Y` cannot tell `X_Y` from `X-Y`. */
type Admission = 'keep' | 'drop' | 'refuse';

/** Shared by all names that map to it; `slot` is where the current parse put the value, valid while `parse` is current. */
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
  /** At most one such field in a message. */
  readonly singleton: boolean;
  /** The value of this field with which a trusted peer says that the client came by TLS. */
  readonly secureValue: string | null;
  readonly forbiddenInTrailers: boolean;
  readonly admission: Admission;
  readonly admissionFromTrusted: Admission;
  /** Number of the parse that last met this name. */
  parse: number;
}

export interface FieldNameSettings {
  readonly headerMap: 'drop' | 'refuse' | 'dangerous';
  readonly forwarderHeaders: readonly string[];
  readonly secureSchemeHeaders: Readonly<Record<string, string>>;
  /** Whether Forwarded (RFC 7239) says the scheme, too. */
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

// Names are the client's to invent: what has been learned is forgotten when it exceeds this.
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

  /** Numbers a new parse. Only here may names be forgotten: within a parse a name must stay the same object. */
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

  /** Undefined when `spelling` is not a token (RFC 9110 section 5.6.2). */
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
    // RFC 6265 section 5.4 splits a cookie string at `; `: a comma would become a part of a cookie's value.
    const environKey = { withNul, separator: name === 'COOKIE' ? '; ' : ',', parse: 0, slot: 0 };
    this.#environKeys.set(withNul, environKey);
    return environKey;
  }
}
