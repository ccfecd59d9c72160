// Answers a request with a file that is open: in the form that its conditions and its range ask for.

import { GATEWAY_MESSAGES } from '../../log/catalog/gateway.ts';
import type { ErrorLog } from '../../log/error-log.ts';
import type { Exchange } from '../exchange/exchange.ts';
import { conditionsOf, judge, type Verdict } from './conditions.ts';
import { failChanged, requestOf } from './file-failure.ts';
import { etagOf, type FileResponse, type Representation } from './file-response.ts';
import type { ServedFile } from './file-stamp.ts';
import { loadTypeTable, mediaType, type TypeTable } from './media-type.ts';
import { sendFile } from './send-file.ts';

type Form = Pick<Representation, 'coding' | 'varies'>;

export class FileSender {
  readonly #log: ErrorLog;
  #types: Promise<TypeTable> | null = null;

  constructor(log: ErrorLog) {
    this.#log = log;
  }

  /** `path` says which type the file has. Does nothing if the client has left. The caller closes the file. */
  async send(
    exchange: Exchange,
    open: ServedFile,
    path: string,
    form: Form,
    respond: (verdict: Verdict, file: Representation) => FileResponse,
  ): Promise<void> {
    this.#types ??= loadTypeTable();
    const { sizeBytes, mtimeMs } = open;
    const file: Representation = {
      sizeBytes,
      etag: etagOf(sizeBytes, mtimeMs, form.coding),
      modifiedSeconds: Math.floor(mtimeMs / 1000),
      mediaType: mediaType(path, await this.#types),
      ...form,
    };
    if (!exchange.mayServe) return;
    const { method, headerFields } = exchange.request.head;
    const verdict = judge(conditionsOf(headerFields), method, file, Date.now());
    const sent = await sendFile(exchange, open, respond(verdict, file));
    if (sent !== 'changed') return;
    this.#log.say(GATEWAY_MESSAGES.fileChanged, { request: requestOf(exchange), path });
    failChanged(exchange);
  }
}
