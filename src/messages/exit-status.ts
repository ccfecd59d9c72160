// The arbiter's exit statuses, as Gunicorn's.

export const EXIT_OK = 0;
export const EXIT_ERROR = 1;
/** Wrong usage of the command line, as argparse has it. */
export const EXIT_USAGE = 2;
export const EXIT_WORKER_BOOT = 3;
export const EXIT_APP_LOAD = 4;
/** Something of the user's has failed in the middle of things, such as a hook. */
export const EXIT_UNHANDLED = 255;
