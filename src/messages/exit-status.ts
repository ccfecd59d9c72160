// The arbiter's exit statuses, which are Gunicorn's.

export const EXIT_OK = 0;
export const EXIT_ERROR = 1;
/** Wrong usage of the command line, as in argparse. */
export const EXIT_USAGE = 2;
export const EXIT_WORKER_BOOT = 3;
export const EXIT_APP_LOAD = 4;
/** User code, such as a hook, failed while the server was running. */
export const EXIT_UNHANDLED = 255;
