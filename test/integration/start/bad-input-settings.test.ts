// For every error in flags, the environment and settings, the command prints its own message and exits with Gunicorn's status. The cases are in test/bad-input.

import { refuses } from '../../bad-input/check.ts';
import { ENVIRONMENT } from '../../bad-input/environment.ts';
import { FILE_VALUES } from '../../bad-input/file-values.ts';
import { FLAGS } from '../../bad-input/flags.ts';

refuses([...FLAGS, ...ENVIRONMENT, ...FILE_VALUES]);
