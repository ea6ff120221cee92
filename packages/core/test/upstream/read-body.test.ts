import { expect, test } from 'vitest';
import { maxLineBytes, readBody, readLines } from '../../src/upstream/read-body.ts';

async function* chunks(...parts: (string | Uint8Array)[]): AsyncGenerator<Uint8Array> {
  for (const part of parts) yield typeof part === 'string' ? new TextEncoder().encode(part) : part;
}

async function all<T>(rows: AsyncIterable<T>): Promise<T[]> {
  const list: T[] = [];
  for await (const row of rows) list.push(row);
  return list;
}

test('reads JSON, text and an empty body', async () => {
  expect(await readBody(chunks('{"a":', '1}'))).toEqual({ a: 1 });
  expect(await readBody(chunks('<html>'))).toBe('<html>');
  expect(await readBody(chunks())).toBeUndefined();
});

test('a character that is split between two chunks stays whole', async () => {
  const bytes = new TextEncoder().encode('"é"');
  expect(await readBody(chunks(bytes.slice(0, 2), bytes.slice(2)))).toBe('é');
});

test('stops reading a body at its limit', async () => {
  let read = 0;
  async function* endless(): AsyncGenerator<Uint8Array> {
    for (;;) {
      read += 1;
      yield new Uint8Array(400);
    }
  }
  await expect(readBody(endless(), 1_000)).rejects.toMatchObject({ code: 'UPSTREAM_INVALID' });
  expect(read).toBe(3);
});

test('reads rows across chunks, skips empty lines, and accepts a last line without a newline', async () => {
  expect(await all(readLines(chunks('{"a":1}\n{"a"', ':2}\r\n\n', '{"a":3}')))).toEqual([{ a: 1 }, { a: 2 }, { a: 3 }]);
});

test('refuses a row that is not JSON, and a row that never ends', async () => {
  await expect(all(readLines(chunks('nope\n')))).rejects.toMatchObject({ code: 'UPSTREAM_INVALID' });
  await expect(all(readLines(chunks('"', 'x'.repeat(maxLineBytes), 'x')))).rejects.toMatchObject({ code: 'UPSTREAM_INVALID' });
});
