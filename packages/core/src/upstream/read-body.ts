import { UpstreamError } from '../ports/resilience.ts';

/** The largest answer that core reads as a whole: 10 MiB. Read larger answers with `http.rows`. */
const maxBodyBytes = 10 * 1024 * 1024;
/** The longest line of newline-delimited JSON: 1 MiB. */
export const maxLineBytes = 1024 * 1024;

/**
 * Reads a body to its end. Returns the parsed JSON, the text if the body is not JSON, or undefined if it is empty. A body over `limit`
 * bytes is not read further, and its socket is closed.
 *
 * @throws {UpstreamError} UPSTREAM_INVALID for a body over the limit.
 */
export async function readBody(body: AsyncIterable<Uint8Array>, limit = maxBodyBytes): Promise<unknown> {
  const decoder = new TextDecoder();
  let text = '';
  let size = 0;
  for await (const chunk of body) {
    size += chunk.byteLength;
    if (size > limit) throw tooLarge(`The vendor's answer is larger than ${limit} bytes`);
    text += decoder.decode(chunk, { stream: true });
  }
  text += decoder.decode();
  if (text === '') return undefined;
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return text;
  }
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
    rest += decoder.decode(chunk, { stream: true });
    const lines = rest.split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) if (line.trim() !== '') yield parseLine(line);
    if (rest.length > maxLineBytes) throw tooLarge(`A row of the vendor's answer is larger than ${maxLineBytes} bytes`);
  }
  rest += decoder.decode();
  if (rest.trim() !== '') yield parseLine(rest);
}

function parseLine(line: string): unknown {
  try {
    return JSON.parse(line) as unknown;
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
