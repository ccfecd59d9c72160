// Runs a bundle (dist/bundle/NAME.cjs) with the code that V8 compiled for it in an earlier process: compiling is most of a start.
//
// The compiled code lies beside the bundle, as Python's lies in __pycache__: written by the first server that may write there, so nobody
// can put code there who could not change the bundle itself. Its name has the bundle's hash, and V8's tag of its version, flags and
// processor; V8 refuses what does not fit.
'use strict';

const { readFileSync, renameSync, statSync, unlinkSync, writeFileSync } = require('node:fs');
const path = require('node:path');
const v8 = require('node:v8');
const vm = require('node:vm');
const { showSources } = require('./stack-traces.cjs');

const root = path.dirname(__dirname);
const MODULES = { command: 'cli/main.js', gateway: 'gateway/main.js' };
const HASH_LENGTH = 16;
/** By then a server has started, and the functions of its start are compiled. */
const SAVE_AFTER_MS = 3000;

/** The exports of the bundle's entry. Without a usable bundle: of the modules. */
exports.load = async (name) => {
  const bundle = path.join(root, 'dist', 'bundle', `${name}.cjs`);
  const modules = path.join(root, 'dist', MODULES[name]);
  return isUsable(bundle, modules) ? run(bundle) : await import(modules);
};

exports.isBuilt = () =>
  modified(path.join(root, 'dist', 'bundle', 'command.cjs')) > 0 ||
  modified(path.join(root, 'dist', MODULES.command)) > 0;

/** A build that has only compiled the modules leaves an old bundle. */
function isUsable(bundle, modules) {
  const built = modified(bundle);
  return built > 0 && built >= modified(modules);
}

function modified(file) {
  return statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? 0;
}

function run(bundle) {
  const source = readFileSync(bundle, 'latin1');
  const hash = source.trimEnd().slice(-HASH_LENGTH);
  const compiledFile = `${bundle}.${hash}-${v8.cachedDataVersionTag().toString(16)}.v8`;
  const cachedData = read(compiledFile);
  const head = '(function (exports, require, module, __filename, __dirname, bundleUrl) {';
  const script = new vm.Script(`${head}${source}\n})`, { filename: bundle, columnOffset: -head.length, cachedData });
  if (cachedData === undefined || script.cachedDataRejected) {
    setTimeout(() => save(compiledFile, script), SAVE_AFTER_MS).unref();
  }
  showSources(bundle);
  const module = { exports: {} };
  const url = require('node:url').pathToFileURL(bundle).href;
  script.runInThisContext()(module.exports, require, module, bundle, path.dirname(bundle), url);
  return module.exports;
}

function read(file) {
  try {
    return readFileSync(file);
  } catch {
    return undefined;
  }
}

function save(file, script) {
  const unfinished = `${file}.${process.pid}`;
  try {
    // The umask of a gateway is the setting's, which lets others write.
    writeFileSync(unfinished, script.createCachedData(), { mode: 0o644, flag: 'wx' });
    renameSync(unfinished, file);
  } catch {
    // A read-only installation, or a full disk: the next start compiles again.
    try {
      unlinkSync(unfinished);
    } catch {}
  }
}
