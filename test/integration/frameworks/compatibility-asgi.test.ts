// Checks the compatibility page for ASGI frameworks, with the real frameworks and the real command.

import { promises } from '../../frameworks/promises.ts';

promises('asgi');
