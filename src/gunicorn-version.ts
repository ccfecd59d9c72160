/**
 * The Gunicorn that Tunicorn is measured against: its documented behaviour, its settings, and the interface of its package, which is
 * python/gunicorn here. SERVER_SOFTWARE and gunicorn.__version__ name it.
 */
export const GUNICORN_VERSION = '27.0.1';
