/**
 * The parts as a body, made as fast as the client reads them; when it goes, `parts` is told to return. The first one is made before this
 * resolves, so what is wrong with the question is still thrown, and not cut off.
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
