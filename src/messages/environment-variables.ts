// Environment variables by which Tunicorn's own processes pass facts to each other at their start. Python gets the names from here:
// generated-docs/python-facts.ts.

/** For a program that runs as a forkserver: the version of the arbiter at the other end of the link. */
export const LINK_VARIABLE = 'TUNICORN_LINK';

/** From a program that embeds Tunicorn to the command that it starts: how to run the program again. */
export const PROGRAM_VARIABLE = 'TUNICORN_PROGRAM';

/** From the launcher, a Python program, to the command: what src/cli/start/launcher.ts reads. */
export const LAUNCHER_VARIABLE = 'TUNICORN_LAUNCHER';

/** From users: the Node.js to run. The launcher replaces it with its choice for bin/tunicorn; the command restores it. */
export const NODE_VARIABLE = 'TUNICORN_NODE';

/** The soft limit of open files where the command was started. bin/tunicorn, a shell script, sets it too. */
export const OPEN_FILES_VARIABLE = 'TUNICORN_OPEN_FILES';

/** From an older arbiter to the newer one that it starts: the descriptor of admin-handover.ts. */
export const ADMIN_HANDOVER_VARIABLE = 'TUNICORN_ADMIN_HANDOVER';
