// The fields by which an application leaves its body to the gateway, and the head of the response that comes of it. Pure.

import type { ResponseHead } from '../../runqueue/channel-decoder.ts';
import type { FileResponse } from './file-response.ts';

const NAMES_FILE = /^(x-sendfile|x-accel-redirect):[ \t]*(.*?)[ \t]*$/im;
/** Fields that say something about the worker's body, or that the gateway's own take the place of. */
const OF_BODY =
  /^(?:x-sendfile|x-accel-redirect|content-length|content-encoding|content-range|accept-ranges|etag|last-modified)$/;

/** The path in the form of a URL's: X-Accel-Redirect is one, X-Sendfile is the path itself. Null: the head names no file. */
export function namedFile({ lines }: ResponseHead): string | null {
  const [, name = '', value = ''] = NAMES_FILE.exec(lines) ?? [];
  if (value === '') return null;
  return name.toLowerCase() === 'x-sendfile' ? value.replaceAll('%', '%25') : (value.split('?')[0] ?? '');
}

/** The file's head with the application's other fields. Its Content-Type is the application's, if that has one. */
export function withFieldsOf(application: ResponseHead, response: FileResponse): FileResponse {
  const kept = linesOf(application.lines).filter((line) => !OF_BODY.test(nameOf(line)));
  const keepsType = kept.some((line) => nameOf(line) === 'content-type');
  const own = linesOf(response.head.lines).filter((line) => !(keepsType && nameOf(line) === 'content-type'));
  const hasContent = response.head.status === 200 || response.head.status === 206;
  const others = hasContent ? kept : kept.filter((line) => nameOf(line) !== 'content-type');
  const status = response.head.lines.slice(0, response.head.lines.indexOf('\r\n'));
  return { ...response, head: { ...response.head, lines: [status, ...own, ...others, ''].join('\r\n') } };
}

/** The field lines, without the status line before them. */
function linesOf(lines: string): string[] {
  return lines
    .split('\r\n')
    .slice(1)
    .filter((line) => line !== '');
}

function nameOf(line: string): string {
  return line.slice(0, line.indexOf(':')).toLowerCase();
}
