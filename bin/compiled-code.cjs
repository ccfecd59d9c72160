// Where compiled code is kept: beside the bundle; for an installation of pip in a folder of the user, ~/.cache/tunicorn.
//
// V8 runs what it finds there, so the user's folder counts only if this user owns it and no other may write there. A server that root
// starts with another user's HOME therefore keeps nothing, and neither does one without a home.
'use strict';

const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');

/** packaging/build_wheel.py gives this name to the installation's folder in the Python package. */
const WHEEL_FOLDER = '_server';
const OTHERS_MAY_WRITE = 0o022;
/** Each release of Tunicorn and of Node.js leaves its own files. */
const UNUSED_AFTER_MS = 30 * 24 * 3600 * 1000;

/** Null if there is no place. `root` is the installation's folder. */
exports.storeFor = (root, bundleFolder) => {
  if (path.basename(root) !== WHEEL_FOLDER) {
    const saveHere = (name, data) => save(bundleFolder, name, data);
    return { read: (name) => read(path.join(bundleFolder, name)), save: saveHere };
  }
  const folder = userFolder();
  if (folder === null) return null;
  return {
    read: (name) => (isPrivate(folder) ? read(path.join(folder, name)) : undefined),
    save: (name, data) => {
      makeFolders(folder);
      if (!isPrivate(folder)) return;
      save(folder, name, data);
      removeUnused(folder);
    },
  };
};

function userFolder() {
  const given = process.env.XDG_CACHE_HOME;
  if (given !== undefined && path.isAbsolute(given)) return path.join(given, 'tunicorn');
  try {
    return path.join(os.homedir(), '.cache', 'tunicorn');
  } catch {
    return null; // A user that no account belongs to, as in many containers.
  }
}

/** The folder and ~/.cache, but no home. Node's `recursive` never ends where the kernel refuses a folder with ENOENT. */
function makeFolders(folder) {
  for (const each of [path.dirname(folder), folder]) {
    try {
      fs.mkdirSync(each, { mode: 0o700 });
    } catch {
      // It is there, or cannot be made; isPrivate() looks.
    }
  }
}

function isPrivate(folder) {
  const found = fs.lstatSync(folder, { throwIfNoEntry: false });
  return found?.isDirectory() === true && found.uid === process.geteuid() && (found.mode & OTHERS_MAY_WRITE) === 0;
}

function read(file) {
  try {
    return fs.readFileSync(file);
  } catch {
    return undefined;
  }
}

function save(folder, name, data) {
  const file = path.join(folder, name);
  const unfinished = `${file}.${process.pid}`;
  try {
    // The umask of a gateway is the setting's, which lets others write.
    fs.writeFileSync(unfinished, data, { mode: 0o644, flag: 'wx' });
    fs.renameSync(unfinished, file);
  } catch {
    // A read-only installation, or a full disk: the next start compiles again.
    try {
      fs.unlinkSync(unfinished);
    } catch {}
  }
}

function removeUnused(folder) {
  const before = Date.now() - UNUSED_AFTER_MS;
  try {
    for (const name of fs.readdirSync(folder)) {
      const file = path.join(folder, name);
      if (name.includes('.v8') && fs.statSync(file).mtimeMs < before) fs.unlinkSync(file);
    }
  } catch {
    // Another server may have removed it meanwhile.
  }
}
