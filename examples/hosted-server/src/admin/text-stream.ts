import type { Clock } from '@busbar/core';

// A client that has not taken a part in this time has stopped reading.
const stalledMs = 30_000;

/**
 * Streams the parts of a text as a response body, as fast as the client reads them. If the client disconnects, `parts` returns early. If it
 * takes no part for 30 seconds, the stream fails. Resolves after the first part is ready, so that an invalid request rejects before a
 * response begins.
 */
export async function textStream(parts: AsyncIterable<string>, clock: Clock): Promise<ReadableStream<Uint8Array>> {
  const encoder = new TextEncoder();
  const iterator = parts[Symbol.asyncIterator]();
  let first: IteratorResult<string> | undefined = await iterator.next();
  let cancelTimer = () => {};
  return new ReadableStream({
    async pull(controller) {
      cancelTimer();
      const { done, value } = first ?? (await iterator.next());
      first = undefined;
      if (done) return controller.close();
      controller.enqueue(encoder.encode(value));
      cancelTimer = clock.timer(stalledMs, () => {
        controller.error(new Error(`The client has read nothing for ${stalledMs / 1_000} s`));
        void iterator.return?.();
      });
    },
    async cancel() {
      cancelTimer();
      await iterator.return?.();
    },
  });
}
