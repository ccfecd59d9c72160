// Finds, in what a worker has written about its stacks, the one of a single request. Pure.
//
// faulthandler writes a block for each thread, headed `Thread 0x… (most recent call first):`; a worker with an event loop adds one for each
// request, headed `Ticket N (most recent call last):`. A blank line ends a block.

/** Empty if there is nothing about it. `thread` is 0 where the worker runs all requests in one. */
export function requestStack(text: string, ticket: number, thread: number): string {
  const blocks = text.split(/\n\s*\n/);
  const ofTicket = blocks.findLast((block) => block.trimStart().startsWith(`Ticket ${ticket} `));
  // One that blocks the event loop has none of its own, apart from that of the thread.
  if (ofTicket?.includes('  File "')) return ofTicket.trim().replace(/^Ticket \d+ /, 'The request ');
  if (thread === 0)
    return blocks
      .filter((block) => !/^\s*Ticket \d+ /.test(block))
      .join('\n')
      .trim();
  const head = new RegExp(`^(?:Current thread|Thread) 0x0*${thread.toString(16)}\\b`, 'm');
  return (blocks.findLast((block) => head.test(block)) ?? '').trim();
}
