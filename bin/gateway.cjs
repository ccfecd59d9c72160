// A gateway process; the arbiter starts it.
'use strict';

void require('./load.cjs').load('gateway');
