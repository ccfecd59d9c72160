// The Content-Type of a file, by the end of its name.

/** Null if the end is not known. */
export type TypeTable = (name: string) => string | null;

const UNKNOWN = 'application/octet-stream';
/** Text that is UTF-8 nowadays; the type of JSON has no parameter for it (RFC 8259 section 11). */
const IS_TEXT = /^text\/|[/+]xml$|^application\/(?:javascript|manifest\+json|toml|x-sh|yaml)$/;

/** Loaded by the first gateway that needs it: most servers have no mounts, and the table is long. */
export async function loadTypeTable(): Promise<TypeTable> {
  const { default: mime } = await import('mime');
  return (name) => mime.getType(name);
}

export function mediaType(name: string, table: TypeTable): string {
  const type = table(name) ?? UNKNOWN;
  return IS_TEXT.test(type) ? `${type}; charset=utf-8` : type;
}
