// For every error in the configuration file, hooks, loggers and the application, the command prints its own message and exits with Gunicorn's status. The cases are in test/bad-input.

import { APPLICATIONS } from '../../bad-input/applications.ts';
import { refuses } from '../../bad-input/check.ts';
import { CONFIG_FILES } from '../../bad-input/config-files.ts';
import { HOOKS } from '../../bad-input/hooks.ts';
import { LOGGERS } from '../../bad-input/loggers.ts';

refuses([...CONFIG_FILES, ...HOOKS, ...LOGGERS, ...APPLICATIONS]);
