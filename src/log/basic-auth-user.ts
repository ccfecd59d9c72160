// The user name in an Authorization field of scheme Basic (RFC 7617): the `%(u)s` of the access log. Pure.
// The name is the client's claim: only the application knows whether the password was right.

const strictUtf8 = new TextDecoder('utf-8', { fatal: true });

export function basicAuthUser(authorization: string | undefined): string | undefined {
  const credentials = /^basic +([A-Za-z0-9+/=]+)\s*$/i.exec(authorization ?? '')?.[1];
  if (credentials === undefined) return undefined;
  const bytes = Buffer.from(credentials, 'base64');
  const colon = bytes.indexOf(':');
  if (colon <= 0) return undefined;
  try {
    return strictUtf8.decode(bytes.subarray(0, colon));
  } catch {
    // Not UTF-8, the only charset that RFC 7617 names.
    return undefined;
  }
}
