// How the fields of a ticket are written: for which kind of application.

export type Dialect = 'wsgi' | 'asgi';
