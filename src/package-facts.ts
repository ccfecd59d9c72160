// Tunicorn's version, and the oldest Node.js that runs it: from package.json, which owns both.

import { readFileSync } from 'node:fs';
import path from 'node:path';
import * as z from 'zod';
import { INSTALLATION_DIR } from './python-dir.ts';

export function readVersion(): string {
  return z.object({ version: z.string() }).parse(readPackage()).version;
}

/** That of the files as they are now, which an installer may have replaced; null while it does so. */
export function readInstalledVersion(): string | null {
  try {
    return readVersion();
  } catch {
    return null;
  }
}

/** The major version. */
export function readOldestNode(): number {
  const { engines } = z.object({ engines: z.object({ node: z.string().regex(/^>=\d+$/) }) }).parse(readPackage());
  return Number(engines.node.slice(2));
}

function readPackage(): unknown {
  return JSON.parse(readFileSync(path.join(INSTALLATION_DIR, 'package.json'), 'utf8'));
}
