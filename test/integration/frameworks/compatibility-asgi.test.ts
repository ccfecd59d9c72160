// What the page on compatibility says of frameworks that are ASGI applications, with the real frameworks and the real command.

import { promises } from '../../frameworks/promises.ts';

promises('asgi');
