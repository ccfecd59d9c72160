// The files that the gateway serves without a worker: requests whose path is beneath a mount.

import { GATEWAY_MESSAGES } from '../../log/catalog/gateway.ts';
import type { ErrorLog } from '../../log/error-log.ts';
import { systemErrorReason } from '../../log/system-error-reason.ts';
import type { GatewaySettings } from '../../settings/for-processes/gateway-settings.ts';
import type { DescriptorRoom } from '../accept/descriptor-room.ts';
import type { Exchange } from '../exchange/exchange.ts';
import { percentEncode } from '../http1/head/percent-encode.ts';
import type { RequestHead } from '../http1/head/request-head.ts';
import { lastPair } from '../ticket/environ-pairs.ts';
import { bestCoding, CODINGS, type Coding } from './accept-encoding.ts';
import { CompressedSiblings, isOlder } from './compressed-siblings.ts';
import { failUnread, requestOf } from './file-failure.ts';
import { filePath } from './file-path.ts';
import {
  FORBIDDEN,
  fileResponse,
  NOT_ALLOWED,
  NOT_FOUND,
  type OwnResponse,
  redirectResponse,
} from './file-response.ts';
import { FileSender } from './file-sender.ts';
import type { ServedFile } from './file-stamp.ts';
import { closeFile, type Opened, type OpenMount, openMounts, type ServedFolder } from './open-file.ts';
import { findMount, type MountedPath } from './static-mounts.ts';

type StaticSettings = Pick<GatewaySettings, 'staticMounts' | 'staticIndex' | 'staticExpiresSeconds'>;

export interface StaticFilesOwner {
  readonly log: ErrorLog;
  readonly descriptors: DescriptorRoom;
  /** Lets the application answer a request that was taken. */
  pass(exchange: Exchange): void;
}

type Found = MountedPath<OpenMount>;

/** What a path names. */
type Named =
  | { readonly kind: 'file'; readonly file: ServedFile; readonly relative: string; readonly folder: ServedFolder }
  /** A folder with an index file, without the slash at its end. */
  | { readonly kind: 'redirect' }
  | { readonly kind: 'missing' }
  | { readonly kind: 'forbidden' };

const MISSING: Named = { kind: 'missing' };
/** A field has ASCII only. */
const NOT_IN_FIELD = /[^\x21-\x7e]/g;
const ACCEPT_ENCODING = 'HTTP_ACCEPT_ENCODING';

export class StaticFiles {
  readonly #mounts: readonly OpenMount[];
  readonly #sender: FileSender;
  readonly #settings: StaticSettings;
  readonly #owner: StaticFilesOwner;
  readonly #siblings: CompressedSiblings = new CompressedSiblings();

  constructor(settings: StaticSettings, owner: StaticFilesOwner) {
    this.#mounts = openMounts(settings.staticMounts, owner.descriptors);
    this.#sender = new FileSender(owner.log);
    this.#settings = settings;
    this.#owner = owner;
  }

  /** Null without mounts: then a request costs nothing. */
  static of(settings: StaticSettings, owner: StaticFilesOwner): StaticFiles | null {
    return settings.staticMounts.length === 0 ? null : new StaticFiles(settings, owner);
  }

  /** Answers the request if its path is beneath a mount. Returns whether it is. */
  take(exchange: Exchange): boolean {
    const { head } = exchange.request;
    if (head.isWebSocket) return false;
    const found = findMount(head.scriptName + head.path, this.#mounts);
    if (found === null) return false;
    // A mount of everything serves the files that there are, and leaves the rest to the application.
    if (isMountOfAll(found) && !isReading(head)) return false;
    this.#serve(exchange, found).catch((error) => this.#failed(exchange, found, error));
    return true;
  }

  async #serve(exchange: Exchange, found: Found): Promise<void> {
    const named = await this.#find(found);
    try {
      // The client may have left meanwhile.
      if (exchange.state.kind === 'waiting') await this.#answer(exchange, found, named);
    } finally {
      if (named.kind === 'file') closeFile(named.file);
    }
  }

  async #answer(exchange: Exchange, found: Found, named: Named): Promise<void> {
    const { head } = exchange.request;
    if (named.kind === 'missing' && isMountOfAll(found)) return this.#owner.pass(exchange);
    if (named.kind === 'missing') return give(exchange, NOT_FOUND);
    if (!isReading(head)) return give(exchange, NOT_ALLOWED);
    if (named.kind === 'forbidden') {
      this.#say(exchange, found, 'Permission denied');
      return give(exchange, FORBIDDEN);
    }
    if (named.kind === 'redirect') return give(exchange, redirectResponse(withSlash(head)));
    const path = named.folder.pathOf(named.relative);
    const codings = await this.#siblings.of(path, named.file.mtimeMs, performance.now());
    const coding = codings.length === 0 ? null : bestCoding(lastPair(head.headerFields, ACCEPT_ENCODING), codings);
    const sibling = coding === null ? null : await openSibling(named, coding);
    try {
      const file = sibling ?? named.file;
      const form = { coding: sibling === null ? null : coding, varies: codings.length > 0 };
      await this.#sender.send(exchange, file, path, form, (verdict, found) =>
        fileResponse(verdict, found, this.#settings.staticExpiresSeconds),
      );
    } finally {
      if (sibling !== null) closeFile(sibling);
    }
  }

  async #find({ mount: { files: folder }, rest }: Found): Promise<Named> {
    const path = filePath(rest);
    if (path === null) return MISSING;
    const { relative, asksFolder } = path;
    if (asksFolder) return await this.#openIndex(folder, relative);
    const opened = await folder.open(relative);
    if (opened.kind !== 'folder') return toNamed(opened, relative, folder);
    const index = await this.#openIndex(folder, relative);
    if (index.kind !== 'file') return MISSING;
    closeFile(index.file);
    return { kind: 'redirect' };
  }

  async #openIndex(folder: ServedFolder, relative: string): Promise<Named> {
    const { staticIndex } = this.#settings;
    if (staticIndex === null) return MISSING;
    const index = relative === '' ? staticIndex : `${relative}/${staticIndex}`;
    return toNamed(await folder.open(index), index, folder);
  }

  #failed(exchange: Exchange, found: Found, error: unknown): void {
    this.#say(exchange, found, systemErrorReason(error));
    failUnread(exchange, error);
  }

  #say(exchange: Exchange, { mount }: Found, reason: string): void {
    this.#owner.log.say(GATEWAY_MESSAGES.fileUnreadable, {
      request: requestOf(exchange),
      folder: mount.folder,
      reason,
    });
  }
}

/** Null if it is gone, or has become one that may not be served. */
async function openSibling(
  { file, relative, folder }: Named & { kind: 'file' },
  coding: Coding,
): Promise<ServedFile | null> {
  const [, suffix = ''] = CODINGS.find(([known]) => known === coding) ?? [];
  const opened = await folder.open(relative + suffix);
  if (opened.kind !== 'file') return null;
  if (!isOlder(opened.file.mtimeMs, file.mtimeMs)) return opened.file;
  closeFile(opened.file);
  return null;
}

function toNamed(opened: Opened, relative: string, folder: ServedFolder): Named {
  if (opened.kind === 'file') return { kind: 'file', file: opened.file, relative, folder };
  return opened.kind === 'forbidden' ? { kind: 'forbidden' } : MISSING;
}

function give(exchange: Exchange, { head, page }: OwnResponse): void {
  exchange.serve(head, page);
}

function isMountOfAll({ mount }: Found): boolean {
  return mount.route === '';
}

function isReading({ method }: RequestHead): boolean {
  return method === 'GET' || method === 'HEAD';
}

/** Only the path, so that it holds whatever name the client knows the server by. */
function withSlash({ scriptName, path, query }: RequestHead): string {
  const target = `${scriptName}${path}/${query === '' ? '' : `?${query}`}`;
  return percentEncode(target, NOT_IN_FIELD);
}
