import assert from 'node:assert/strict';
import { test } from 'node:test';
import { toBodyReader } from '../../../../../src/gateway/http1/body/body-reader.ts';
import type { Framing } from '../../../../../src/gateway/http1/body/framing.ts';
import { type FileValues, headRules } from '../../../../harness/gateway-settings.ts';

interface Read {
  readonly body: string;
  /** `done at N`, `more`, or the refusal's code; N counts from the first byte of the body. */
  readonly result: string;
  readonly trailers: readonly (readonly [string, string])[];
}

const CHUNKED = { kind: 'chunked' } as const;

function read(framing: Exclude<Framing, { kind: 'none' }>, pieces: readonly string[], settings: FileValues = {}): Read {
  let body = '';
  let before = 0;
  const reader = toBodyReader(framing, headRules(settings), (chunk, start, end) => {
    body += chunk.toString('latin1', start, end);
  });
  for (const piece of pieces) {
    const progress = reader.push(Buffer.from(`??${piece}`, 'latin1'), 2);
    if (progress.kind === 'done') {
      return { body, result: `done at ${before + progress.end - 2}`, trailers: progress.trailers };
    }
    if (progress.kind === 'refused') return { body, result: progress.refusal.code, trailers: [] };
    before += piece.length;
  }
  return { body, result: 'more', trailers: [] };
}

/** Reads the text whole, byte by byte and cut in two at every place: all must agree. */
function readEveryWay(text: string, settings: FileValues = {}): Read {
  const whole = read(CHUNKED, [text], settings);
  assert.deepEqual(read(CHUNKED, [...text], settings), whole, 'byte by byte');
  for (let cut = 1; cut < text.length; cut += 1) {
    assert.deepEqual(read(CHUNKED, [text.slice(0, cut), text.slice(cut)], settings), whole, `cut at ${cut}`);
  }
  return whole;
}

test('a body with a length ends after as many bytes', () => {
  const framing = { kind: 'length', bytes: 5 } as const;
  assert.deepEqual(read(framing, ['helloGET']), { body: 'hello', result: 'done at 5', trailers: [] });
  assert.deepEqual(read(framing, ['he', 'l', 'lo']), { body: 'hello', result: 'done at 5', trailers: [] });
  assert.deepEqual(read(framing, ['hell']), { body: 'hell', result: 'more', trailers: [] });
});

test('chunks are joined, and the end is after the empty line', () => {
  for (const [text, body] of [
    ['0\r\n\r\n', ''],
    ['000\r\n\r\n', ''],
    ['5\r\nhello\r\n0\r\n\r\n', 'hello'],
    ['5\r\nhello\r\n6\r\n world\r\n0\r\n\r\n', 'hello world'],
    ['00000000000000000005\r\nhello\r\n0\r\n\r\n', 'hello'],
    ['a\r\n0123456789\r\n0\r\n\r\n', '0123456789'],
    ['A;x\r\n0123456789\r\n0;y\r\n\r\n', '0123456789'],
    ['2\r\n\r\n\r\n0\r\n\r\n', '\r\n'],
  ] as const) {
    assert.deepEqual(readEveryWay(`${text}GET`), { body, result: `done at ${text.length}`, trailers: [] });
  }
});

test('chunk extensions are passed over', () => {
  for (const line of ['5;a', '5;a=b;c="d e"', '5 ;a', '5\t ; a = b', '5;', '5;\xe9\t']) {
    assert.equal(readEveryWay(`${line}\r\nhello\r\n0\r\n\r\n`).body, 'hello', line);
  }
});

test('a chunk size is hex digits and nothing else', () => {
  for (const line of [
    '',
    ' 5',
    '+5',
    '-5',
    '0x5',
    '5_0',
    '5 ',
    '5\t',
    '5 x',
    'g',
    ';a',
    '5\n',
    '5\rx',
    '5\n;',
    '5 \n',
    '\r',
    '5.',
    '\xb2',
  ]) {
    assert.equal(readEveryWay(`${line}\r\nhello\r\n0\r\n\r\n`).result, 'InvalidChunkSize', JSON.stringify(line));
  }
});

test('every chunk has its own size: none is mistaken for the last chunk', () => {
  for (const text of ['5\r\nhello\r\n\r\n\r\n', '5\r\nhello\r\n;a\r\n\r\n', '5\r\nhello\r\n \r\n\r\n']) {
    assert.equal(readEveryWay(text).result, 'InvalidChunkSize', JSON.stringify(text));
  }
});

test('a chunk size has bounds: as a number, and as a text', () => {
  assert.equal(readEveryWay('1fffffffffffff\r\nabc').result, 'more');
  assert.equal(readEveryWay('20000000000000\r\nabc').result, 'InvalidChunkSize');
  assert.equal(readEveryWay('f'.repeat(300)).result, 'InvalidChunkSize');
  assert.equal(readEveryWay(`${'0'.repeat(255)}5\r\nhello\r\n0\r\n\r\n`).body, 'hello');
  assert.equal(readEveryWay('0'.repeat(257)).result, 'InvalidChunkSize');
  assert.equal(readEveryWay(`5${' '.repeat(300)};a\r\n`).result, 'InvalidChunkSize');
});

test('an extension has no control characters, no bare CR or LF, and a bound', () => {
  for (const extension of ['a\rb', 'a\nb', '\n', 'a\0', 'a\x7f', '\r', 'a\r\r']) {
    assert.equal(
      readEveryWay(`5;${extension}\r\nhello\r\n0\r\n\r\n`).result,
      'InvalidChunkExtension',
      JSON.stringify(extension),
    );
  }
  assert.equal(read(CHUNKED, [`5;${'a'.repeat(4000)}\r\nhello\r\n0\r\n\r\n`]).body, 'hello');
  assert.equal(read(CHUNKED, [`5;${'a'.repeat(5000)}\r\nhello\r\n0\r\n\r\n`]).result, 'InvalidChunkExtension');
  assert.equal(read(CHUNKED, [`5;${'a'.repeat(5000)}`]).result, 'InvalidChunkExtension');
});

test('the extensions of a body have a bound together, that grows with the data', () => {
  const chunk = (extension: number, data: number): string =>
    `${data.toString(16)};${'a'.repeat(extension)}\r\n${'x'.repeat(data)}\r\n`;
  const end = '0\r\n\r\n';
  assert.equal(read(CHUNKED, [chunk(1000, 1).repeat(16) + end]).body, 'x'.repeat(16));
  assert.equal(read(CHUNKED, [chunk(1030, 1).repeat(16) + end]).result, 'InvalidChunkExtension');
  assert.equal(read(CHUNKED, [chunk(1026, 1026).repeat(100) + end]).body.length, 102_600);
});

test('an LF without its CR in the trailers is refused as soon as it arrives', () => {
  assert.equal(readEveryWay('0\r\n\n').result, 'InvalidHeader');
  assert.equal(readEveryWay('0\r\nA: b\r\nC: d\n').result, 'InvalidHeader');
});

test('the data of a chunk is followed by CRLF', () => {
  for (const text of [
    '5\r\nhelloX',
    '5\r\nhello\n0\r\n\r\n',
    '5\r\nhello\rX',
    '5\r\nhello0\r\n\r\n',
    '5\r\nhello world\r\n',
  ]) {
    assert.equal(readEveryWay(text).result, 'ChunkMissingTerminator', text);
  }
});

test('trailers are read by the rules of header fields', () => {
  const end = '\r\n\r\nGET / HTTP/1.1\r\n\r\n';
  assert.deepEqual(readEveryWay(`1\r\nx\r\n0\r\nVary: *\r\ncontent-type:  a/b ${end}`), {
    body: 'x',
    result: 'done at 41',
    trailers: [
      ['VARY', '*'],
      ['CONTENT-TYPE', 'a/b'],
    ],
  });
  for (const [line, code] of [
    ['x', 'InvalidHeader'],
    ['A : b', 'InvalidHeaderName'],
    ['A: b\0', 'InvalidHeader'],
    ['A: b\nc: d', 'InvalidHeader'],
    ['A: b\r\n c', 'ObsoleteFolding'],
    [' A: b', 'InvalidHeaderName'],
    ['Content-Type: a\r\nContent-Type: a', 'InvalidHeader'],
    ['\nA: b', 'InvalidHeader'],
  ] as const) {
    assert.equal(readEveryWay(`0\r\n${line}${end}`).result, code, JSON.stringify(line));
  }
  assert.deepEqual(readEveryWay(`0\r\nX_Y: 1${end}`).trailers, []);
  assert.equal(readEveryWay(`0\r\nX_Y: 1${end}`, { header_map: 'refuse' }).result, 'InvalidHeaderName');
});

test('a trailer cannot be a field that frames, routes or authenticates', () => {
  for (const name of ['Host', 'Content-Length', 'Transfer-Encoding', 'Trailer', 'Authorization', 'TE']) {
    assert.equal(readEveryWay(`0\r\nA: b\r\n${name}: 1\r\n\r\n`).result, 'InvalidHeaderName', name);
  }
});

test('trailers have the limits of header fields', () => {
  const settings = { limit_request_fields: 2, limit_request_field_size: 20 };
  assert.equal(readEveryWay('0\r\nA: 1\r\nB: 2\r\n\r\n', settings).trailers.length, 2);
  assert.equal(readEveryWay('0\r\nA: 1\r\nB: 2\r\nC: 3\r\n\r\n', settings).result, 'LimitRequestHeaders');
  assert.equal(readEveryWay(`0\r\nA: ${'a'.repeat(18)}\r\n\r\n`, settings).result, 'LimitRequestHeaders');
  assert.equal(readEveryWay(`0\r\nA: ${'a'.repeat(200)}`, settings).result, 'LimitRequestHeaders');
});

test('cut() answers only a client that has sent all but the end of a chunked body', () => {
  const rules = headRules();
  for (const [text, code] of [
    ['', undefined],
    ['5', undefined],
    ['5\r\nhel', undefined],
    ['5\r\nhello\r\n', undefined],
    ['0\r\n', 'ChunkMissingTerminator'],
    ['0\r\nA: b\r\n', 'ChunkMissingTerminator'],
  ] as const) {
    const reader = toBodyReader(CHUNKED, rules, () => {});
    reader.push(Buffer.from(text), 0);
    assert.equal(reader.cut()?.code, code, JSON.stringify(text));
  }
  assert.equal(toBodyReader({ kind: 'length', bytes: 5 }, rules, () => {}).cut(), null);
});

test('the pieces are the bytes of the chunk itself', () => {
  const chunk = Buffer.from('5\r\nhello\r\n0\r\n\r\n');
  const pieces: unknown[] = [];
  toBodyReader(CHUNKED, headRules(), (from, start, end) => pieces.push([from === chunk, start, end])).push(chunk, 0);
  assert.deepEqual(pieces, [[true, 3, 8]]);
});

test('the data of small chunks that arrive together is passed on together, in order', () => {
  const data = (at: number): string =>
    String.fromCharCode(97 + (at % 26)).repeat(at % 500 === 499 ? 5000 : 1 + (at % 20));
  const all = Array.from({ length: 4000 }, (_, at) => data(at));
  const text = `${all.map((each) => `${each.length.toString(16)}\r\n${each}\r\n`).join('')}0\r\n\r\n`;
  let [body, pieces] = ['', 0];
  const reader = toBodyReader(CHUNKED, headRules(), (from, start, end) => {
    body += from.toString('latin1', start, end);
    pieces += 1;
  });
  assert.equal(reader.push(Buffer.from(text), 0).kind, 'done');
  assert.equal(body, all.join(''));
  assert.ok(pieces < 40, `${pieces} pieces of ${all.length} chunks`);
});

test('data before a violation is passed on before the violation is reported', () => {
  let body = '';
  const reader = toBodyReader(CHUNKED, headRules(), (from, start, end) => {
    body += from.toString('latin1', start, end);
  });
  assert.equal(reader.push(Buffer.from('1\r\na\r\n1\r\nb\r\nX'), 0).kind, 'refused');
  assert.equal(body, 'ab');
});
