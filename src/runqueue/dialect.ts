// How the fields of a ticket are written, which depends on the kind of application.

export type Dialect = 'wsgi' | 'asgi';
