// What the page on compatibility says of frameworks that are WSGI applications, and of Tornado, with the real frameworks and the real command.

import { promises } from '../../frameworks/promises.ts';

promises('wsgi');
promises('tornado');
