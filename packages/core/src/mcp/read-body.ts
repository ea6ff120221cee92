import type { IncomingMessage } from 'node:http';
import { Refusal } from './refusal.ts';

/**
 * Reads a request's body once, into memory. Throws a {@link Refusal} (413) as soon as it proves larger than `maxBytes`; what is still to
 * come is then thrown away unread by node:http, so that the client hears the answer.
 */
export async function readBody(request: IncomingMessage, maxBytes: number): Promise<Buffer> {
  if (Number(request.headers['content-length'] ?? 0) > maxBytes) throw tooLarge(maxBytes);
  const chunks: Buffer[] = [];
  let size = 0;
  // The default iterator would close the socket when the loop is left.
  for await (const chunk of request.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > maxBytes) throw tooLarge(maxBytes);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks, size);
}

const tooLarge = (maxBytes: number) =>
  new Refusal(413, 'INVALID_INPUT', `The request is larger than ${maxBytes} bytes. Send less at a time.`, { reason: 'body' });
