// X-Sendfile and X-Accel-Redirect: the application decides, and the gateway sends the file.

import { GATEWAY_MESSAGES } from '../../log/catalog/gateway.ts';
import type { ErrorLog } from '../../log/error-log.ts';
import { systemErrorReason } from '../../log/system-error-reason.ts';
import type { ResponseHead } from '../../runqueue/channel-decoder.ts';
import type { GatewaySettings } from '../../settings/for-processes/gateway-settings.ts';
import type { StaticMount } from '../../settings/static-mounts.ts';
import type { DescriptorRoom } from '../accept/descriptor-room.ts';
import type { Exchange } from '../exchange/exchange.ts';
import { failUnread, requestOf } from './file-failure.ts';
import { filePath } from './file-path.ts';
import { fileResponse, NOT_FOUND } from './file-response.ts';
import { FileSender } from './file-sender.ts';
import { closeFile, type OpenMount, openMounts } from './open-file.ts';
import { namedFile, withFieldsOf } from './sendfile-fields.ts';
import { findMount } from './static-mounts.ts';

/** The application chooses the file: no compressed one takes its place. */
const PLAIN = { coding: null, varies: false } as const;

export class Sendfile {
  readonly #mounts: readonly OpenMount[];
  readonly #sender: FileSender;
  readonly #log: ErrorLog;

  constructor(mounts: readonly StaticMount[], log: ErrorLog, descriptors: DescriptorRoom) {
    this.#mounts = openMounts(mounts, descriptors);
    this.#sender = new FileSender(log);
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
    if (found === null || path === null) return this.#missing(exchange, named, 'no folder of x_sendfile has it');
    const opened = await found.mount.files.open(path.relative);
    if (opened.kind !== 'file') {
      return this.#missing(exchange, named, opened.kind === 'forbidden' ? 'Permission denied' : 'no such file');
    }
    try {
      await this.#sender.send(exchange, opened.file, found.mount.files.pathOf(path.relative), PLAIN, (verdict, file) =>
        withFieldsOf(head, fileResponse(verdict, file, 0)),
      );
    } finally {
      closeFile(opened.file);
    }
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
