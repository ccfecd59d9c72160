// Runs a bundle (dist/bundle/NAME.cjs) with the code that V8 compiled for it in an earlier process: compiling is most of a start.
//
// The compiled code lies beside the bundle, as Python's lies in __pycache__: written by the first server that may write there, so only
// who could change the bundle itself can put code there. Files beside a bundle that pip has installed would stay when pip removes it:
// then it lies in a private folder of the user (compiled-code.cjs). The name has the bundle's hash, and V8's tag of its version, flags
// and processor; V8 refuses what does not fit.
'use strict';

const { readFileSync, statSync } = require('node:fs');
const path = require('node:path');
const v8 = require('node:v8');
const vm = require('node:vm');
const { storeFor } = require('./compiled-code.cjs');
const { showSources } = require('./stack-traces.cjs');

const root = path.dirname(__dirname);
const MODULES = { first: 'cli/start/first-steps.js', command: 'cli/main.js', gateway: 'gateway/main.js' };
const HASH_LENGTH = 16;
/** By then a server has started, and the functions of its start are compiled. */
const SAVE_AFTER_MS = 3000;

/** The exports of the bundle's entry. Without a usable bundle: of the modules. */
exports.load = async (name) => exports.loadBundle(name) ?? (await import(modulesOf(name)));

/** Null without a usable bundle. */
exports.loadBundle = (name) => {
  const bundle = path.join(root, 'dist', 'bundle', `${name}.cjs`);
  return isUsable(bundle, modulesOf(name)) ? run(bundle) : null;
};

function modulesOf(name) {
  return path.join(root, 'dist', MODULES[name]);
}

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
  const store = storeFor(root, path.dirname(bundle));
  const file = `${path.basename(bundle)}.${hash}-${v8.cachedDataVersionTag().toString(16)}.v8`;
  const cachedData = store?.read(file);
  const head = '(function (exports, require, module, __filename, __dirname, bundleUrl) {';
  const script = new vm.Script(`${head}${source}\n})`, { filename: bundle, columnOffset: -head.length, cachedData });
  if (store !== null && (cachedData === undefined || script.cachedDataRejected)) {
    setTimeout(() => store.save(file, script.createCachedData()), SAVE_AFTER_MS).unref();
  }
  showSources(bundle);
  const module = { exports: {} };
  const url = require('node:url').pathToFileURL(bundle).href;
  script.runInThisContext()(module.exports, require, module, bundle, path.dirname(bundle), url);
  return module.exports;
}
