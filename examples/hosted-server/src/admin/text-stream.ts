/**
 * Streams the parts of a text as a response body, as fast as the client reads them. If the client disconnects, `parts` returns early.
 * Resolves after the first part is ready, so that an invalid request rejects before a response begins.
 */
export async function textStream(parts: AsyncIterable<string>): Promise<ReadableStream<Uint8Array>> {
  const encoder = new TextEncoder();
  const iterator = parts[Symbol.asyncIterator]();
  let first: IteratorResult<string> | undefined = await iterator.next();
  return new ReadableStream({
    async pull(controller) {
      const { done, value } = first ?? (await iterator.next());
      first = undefined;
      if (done) controller.close();
      else controller.enqueue(encoder.encode(value));
    },
    async cancel() {
      await iterator.return?.();
    },
  });
}
