// Checks the compatibility page for WSGI frameworks and Tornado, with the real frameworks and the real command.

import { promises } from '../../frameworks/promises.ts';

promises('wsgi');
promises('tornado');
