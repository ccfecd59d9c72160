// The worker classes of the grid, and the flags that start each. Called by frameworks.ts and page.ts.

export interface Column {
  readonly name: string;
  readonly flags: readonly string[];
  /** More about it, for the page. */
  readonly says?: string;
  readonly dialect: 'wsgi' | 'asgi';
}

export const COLUMNS: readonly Column[] = [
  { name: 'sync', flags: [], dialect: 'wsgi' },
  { name: 'gthread', flags: ['--threads', '4'], dialect: 'wsgi' },
  { name: 'gevent', flags: ['-k', 'gevent'], dialect: 'wsgi' },
  { name: 'eventlet', flags: ['-k', 'eventlet'], dialect: 'wsgi' },
  {
    name: 'asgi',
    flags: ['-k', 'asgi', '--asgi-loop', 'asyncio'],
    says: "on Python's own event loop",
    dialect: 'asgi',
  },
  {
    name: 'UvicornWorker',
    flags: ['-k', 'uvicorn.workers.UvicornWorker'],
    says: 'the same class by another name, here on uvloop',
    dialect: 'asgi',
  },
];
