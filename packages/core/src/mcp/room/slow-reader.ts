import type { ServerResponse } from 'node:http';

/** How long a client may take to read the next part of its answer. */
const patienceMs = 30_000;

/**
 * Ends the connection of a client that stops reading its answer, once nothing could be written for `ms`. Call it when the whole answer is
 * handed over, or for a stream that is never silent as long as that.
 */
export function cutSlowReader(response: ServerResponse, ms = patienceMs): void {
  response.setTimeout(ms, () => response.destroy());
}
