// Stack traces of a bundle show the files and lines of src/, by its source map, which is read when the first trace is formatted.
'use strict';

const { readFileSync } = require('node:fs');

exports.showSources = (bundle) => {
  let map;
  const places = new RegExp(`${bundle.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&')}:(\\d+):(\\d+)`, 'g');
  const position = (place, line, column) => {
    map ??= readMap(bundle);
    const { originalSource, originalLine, originalColumn } = map?.findEntry(line - 1, column - 1) ?? {};
    if (originalSource === undefined) return place;
    return `${originalSource.replace(/^(\.\.\/)+/, '')}:${originalLine + 1}:${originalColumn + 1}`;
  };
  Error.prepareStackTrace = (error, frames) =>
    [headOf(error), ...frames.map((frame) => `    at ${frame}`)].join('\n').replaceAll(places, position);
};

function headOf(error) {
  try {
    return String(error);
  } catch {
    return 'Error';
  }
}

function readMap(bundle) {
  try {
    const { SourceMap } = require('node:module');
    return new SourceMap(JSON.parse(readFileSync(`${bundle}.map`, 'utf8')));
  } catch {
    return null;
  }
}
