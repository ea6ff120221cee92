import { findJsonExcess, type JsonBounds } from '../lib/json-bounds.ts';
import { parseJson } from '../lib/parse-json.ts';
import { UpstreamError } from '../ports/resilience.ts';
import { smallAnswerBytes, type LargeAnswer } from './large-answers.ts';

/** The largest answer that core reads as a whole: 4 MiB. Read larger answers with `http.rows`. */
const maxBodyBytes = 4 * 1024 * 1024;
/** The longest line of newline-delimited JSON: 1 MiB. */
export const maxLineBytes = 1024 * 1024;
/** How much an answer may hold. Parsing a deeper or longer answer would stop all other calls for a noticeable time. */
const answerBounds: JsonBounds = { depth: 64, values: 200_000, keys: 20_000 };

/** Options for {@link readBody}. */
interface ReadBodyOptions {
  /** The largest body, in bytes. Default 4 MiB. */
  readonly limit?: number;
  /** Called before more than 64 KiB are read. Resolves when that may go on. */
  large?(): Promise<LargeAnswer>;
}

/**
 * Reads a body to its end. Returns the parsed JSON, the text if the body is not JSON, or undefined if it is empty. A body over `limit`
 * bytes is not read further, and its socket is closed.
 *
 * @throws {UpstreamError} UPSTREAM_INVALID for a body over the limit, or with too many values.
 */
export async function readBody(body: AsyncIterable<Uint8Array>, { limit = maxBodyBytes, large }: ReadBodyOptions = {}): Promise<unknown> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  let answer: LargeAnswer | undefined;
  try {
    for await (const chunk of body) {
      size += chunk.byteLength;
      if (size > limit) throw tooLarge(`The vendor's answer is larger than ${limit} bytes`);
      if (size > smallAnswerBytes && !answer) answer = await large?.();
      chunks.push(chunk);
    }
    await answer?.turn();
    return parseBody(joined(chunks, size));
  } finally {
    answer?.end();
  }
}

function parseBody(bytes: Uint8Array): unknown {
  if (bytes.length === 0) return undefined;
  const text = new TextDecoder().decode(bytes);
  // Anything else is not JSON, and is not parsed.
  const excess = /^\s*[[{]/.test(text) ? findJsonExcess(bytes, answerBounds) : undefined;
  if (excess) throw tooLarge(`The vendor's answer ${excess}`);
  try {
    return parseJson(text);
  } catch {
    return text;
  }
}

function joined(chunks: readonly Uint8Array[], size: number): Uint8Array {
  const [only] = chunks;
  if (only && chunks.length === 1) return only;
  const bytes = new Uint8Array(size);
  let at = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, at);
    at += chunk.byteLength;
  }
  return bytes;
}

/**
 * Reads newline-delimited JSON, row by row, and skips empty lines.
 *
 * @throws {UpstreamError} UPSTREAM_INVALID for a row that is not JSON or is too long.
 */
export async function* readLines(body: AsyncIterable<Uint8Array>): AsyncGenerator<unknown> {
  const decoder = new TextDecoder();
  let rest = '';
  for await (const chunk of body) {
    // Only the new chunk is searched, because a row may arrive in pieces of one byte.
    const [end = '', ...lines] = decoder.decode(chunk, { stream: true }).split('\n');
    lines.unshift(rest + end);
    rest = lines.pop() ?? '';
    for (const line of lines) if (line.trim() !== '') yield parseLine(line);
    if (rest.length > maxLineBytes) throw tooLarge(`A row of the vendor's answer is larger than ${maxLineBytes} bytes`);
  }
  rest += decoder.decode();
  if (rest.trim() !== '') yield parseLine(rest);
}

function parseLine(line: string): unknown {
  const excess = line.length > smallAnswerBytes ? findJsonExcess(new TextEncoder().encode(line), answerBounds) : undefined;
  if (excess) throw tooLarge(`A row of the vendor's answer ${excess}`);
  try {
    return parseJson(line);
  } catch (cause) {
    throw new UpstreamError('UPSTREAM_INVALID', 'The vendor sent a row that is not JSON.', { executed: 'yes', transient: false, cause });
  }
}

function tooLarge(message: string): UpstreamError {
  return new UpstreamError('UPSTREAM_INVALID', `${message}. Ask for less: a filter, fewer fields, a smaller page.`, {
    executed: 'yes',
    transient: false,
  });
}
