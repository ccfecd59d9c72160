// X-Sendfile and X-Accel-Redirect: the application decides, and the gateway sends the file.

import { GATEWAY_MESSAGES } from '../../log/catalog/gateway.ts';
import type { ErrorLog } from '../../log/error-log.ts';
import { systemErrorReason } from '../../log/system-error-reason.ts';
import type { ResponseHead } from '../../runqueue/channel-decoder.ts';
import type { GatewaySettings } from '../../settings/for-processes/gateway-settings.ts';
import type { StaticMount } from '../../settings/static-mounts.ts';
import type { DescriptorRoom } from '../accept/descriptor-room.ts';
import type { Exchange } from '../exchange/exchange.ts';
import { conditionsOf, judge } from './conditions.ts';
import { failChanged, failUnread, requestOf } from './file-failure.ts';
import { filePath } from './file-path.ts';
import { etagOf, fileResponse, NOT_FOUND } from './file-response.ts';
import type { ServedFile } from './file-stamp.ts';
import { loadTypeTable, mediaType } from './media-type.ts';
import { closeFile, ServedFolder } from './open-file.ts';
import { sendFile } from './send-file.ts';
import { namedFile, withFieldsOf } from './sendfile-fields.ts';
import { SmallFiles } from './small-files.ts';
import { findMount, toStaticMounts } from './static-mounts.ts';

export class Sendfile {
  readonly #mounts: readonly StaticMount[];
  readonly #folders: ReadonlyMap<StaticMount, ServedFolder>;
  readonly #log: ErrorLog;

  constructor(mounts: readonly StaticMount[], log: ErrorLog, descriptors: DescriptorRoom) {
    this.#mounts = toStaticMounts(mounts);
    const small = new SmallFiles();
    this.#folders = new Map(this.#mounts.map((mount) => [mount, new ServedFolder(mount.folder, small, descriptors)]));
    this.#log = log;
  }

  /** Null without the setting: then a response costs nothing. */
  static of(
    { sendfileMounts }: Pick<GatewaySettings, 'sendfileMounts'>,
    log: ErrorLog,
    descriptors: DescriptorRoom,
  ): Sendfile | null {
    return sendfileMounts.length === 0 ? null : new Sendfile(sendfileMounts, log, descriptors);
  }

  /** Sends the file that the head names. Returns whether it names one. */
  take(exchange: Exchange, head: ResponseHead, workerPid: number): boolean {
    const named = namedFile(head);
    if (named === null) return false;
    exchange.delegate(workerPid);
    this.#serve(exchange, head, named).catch((error) => this.#fail(exchange, named, error));
    return true;
  }

  async #serve(exchange: Exchange, head: ResponseHead, named: string): Promise<void> {
    const found = findMount(named, this.#mounts);
    const path = found === null ? null : filePath(found.rest);
    const folder = found === null ? undefined : this.#folders.get(found.mount);
    if (path === null || folder === undefined) return this.#missing(exchange, named, 'no folder of x_sendfile has it');
    const opened = await folder.open(path.relative);
    if (opened.kind !== 'file') {
      return this.#missing(exchange, named, opened.kind === 'forbidden' ? 'Permission denied' : 'no such file');
    }
    try {
      await this.#send(exchange, head, opened.file, folder.pathOf(path.relative));
    } finally {
      closeFile(opened.file);
    }
  }

  async #send(exchange: Exchange, head: ResponseHead, open: ServedFile, path: string): Promise<void> {
    const { method, headerFields } = exchange.request.head;
    const { sizeBytes, mtimeMs } = open;
    const file = {
      sizeBytes,
      etag: etagOf(sizeBytes, mtimeMs, null),
      modifiedSeconds: Math.floor(mtimeMs / 1000),
      mediaType: mediaType(path, await loadTypeTable()),
      coding: null,
      varies: false,
    };
    const verdict = judge(conditionsOf(headerFields), method, file, Date.now());
    if (!exchange.mayServe) return;
    const sent = await sendFile(exchange, open, withFieldsOf(head, fileResponse(verdict, file, 0)));
    if (sent !== 'changed') return;
    this.#log.say(GATEWAY_MESSAGES.fileChanged, { request: requestOf(exchange), path });
    failChanged(exchange);
  }

  #missing(exchange: Exchange, named: string, reason: string): void {
    this.#log.say(GATEWAY_MESSAGES.sendfileMissing, { request: requestOf(exchange), path: named, reason });
    if (exchange.mayServe) exchange.serve(NOT_FOUND.head, NOT_FOUND.page);
  }

  #fail(exchange: Exchange, path: string, error: unknown): void {
    const reason = systemErrorReason(error);
    this.#log.say(GATEWAY_MESSAGES.sendfileMissing, { request: requestOf(exchange), path, reason });
    failUnread(exchange, error);
  }
}
