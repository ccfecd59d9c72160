// The worker classes of the grid, and the flags that select them.

export type Dialect = 'wsgi' | 'asgi' | 'tornado';

export interface Column {
  readonly name: string;
  readonly flags: readonly string[];
  /** More about it, for the page. */
  readonly says?: string;
  readonly dialects: readonly Dialect[];
}

export const COLUMNS: readonly Column[] = [
  { name: 'sync', flags: [], dialects: ['wsgi'] },
  { name: 'gthread', flags: ['--threads', '4'], dialects: ['wsgi'] },
  { name: 'gevent', flags: ['-k', 'gevent'], dialects: ['wsgi'] },
  { name: 'eventlet', flags: ['-k', 'eventlet'], dialects: ['wsgi'] },
  { name: 'tornado', flags: ['-k', 'tornado'], dialects: ['tornado', 'wsgi'] },
  {
    name: 'asgi',
    flags: ['-k', 'asgi', '--asgi-loop', 'asyncio'],
    says: "on Python's own event loop",
    dialects: ['asgi'],
  },
  {
    name: 'UvicornWorker',
    flags: ['-k', 'uvicorn.workers.UvicornWorker'],
    says: 'the same class by another name, here on uvloop',
    dialects: ['asgi'],
  },
];
