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

test('keeps the digits of a long whole number, and replaces half of a character', async () => {
  const text = '{"id":12345678901234567890,"name":"a\\ud83d"}';
  const kept = { id: '12345678901234567890', name: 'a\uFFFD' };
  expect(await readBody(chunks(text))).toEqual(kept);
  expect(await all(readLines(chunks(`${text}\n${text}\n`)))).toEqual([kept, kept]);
});

test('stops reading a body at its limit', async () => {
  let read = 0;
  async function* endless(): AsyncGenerator<Uint8Array> {
    for (;;) {
      read += 1;
      yield new Uint8Array(400);
    }
  }
  await expect(readBody(endless(), { limit: 1_000 })).rejects.toMatchObject({ code: 'UPSTREAM_INVALID' });
  expect(read).toBe(3);
});

test('refuses an answer that would take long to parse, and reads text of any form', async () => {
  const deep = `${'['.repeat(65)}${']'.repeat(65)}`;
  for (const text of [deep, `[${'1,'.repeat(200_000)}1]`, `{${Array.from({ length: 20_001 }, (_, n) => `"${n}":1`).join()}}`])
    await expect(readBody(chunks(text))).rejects.toMatchObject({
      code: 'UPSTREAM_INVALID',
      message: expect.stringContaining('Ask for less'),
    });
  expect(await readBody(chunks(`text ${deep}`))).toBe(`text ${deep}`);
  expect(await readBody(chunks(`[${'1,'.repeat(199_000)}1]`))).toHaveLength(199_001);
});

test('reads a small answer at once, and waits before it goes on with a large one, and for a turn to parse it', async () => {
  let ended = 0;
  let asked = 0;
  let turns = 0;
  const go = Promise.withResolvers<void>();
  const large = async () => {
    asked += 1;
    await go.promise;
    return { turn: async () => void (turns += 1), end: () => void (ended += 1) };
  };
  expect(await readBody(chunks('{"a":1}'), { large })).toEqual({ a: 1 });
  expect(asked).toBe(0);
  const read = readBody(chunks(`"${'x'.repeat(70_000)}`, 'x"'), { large });
  await expect.poll(() => asked).toBe(1);
  go.resolve();
  expect(await read).toHaveLength(70_001);
  expect([asked, turns, ended]).toEqual([1, 1, 1]);
  await expect(readBody(chunks('x'.repeat(200_000)), { large, limit: 100_000 })).rejects.toMatchObject({ code: 'UPSTREAM_INVALID' });
  await expect(readBody(chunks('x'.repeat(70_000), 'x'.repeat(70_000)), { large, limit: 100_000 })).rejects.toMatchObject({
    code: 'UPSTREAM_INVALID',
  });
  expect([asked, ended]).toEqual([2, 2]);
});

test('reads rows across chunks, skips empty lines, and accepts a last line without a newline', async () => {
  expect(await all(readLines(chunks('{"a":1}\n{"a"', ':2}\r\n\n', '{"a":3}')))).toEqual([{ a: 1 }, { a: 2 }, { a: 3 }]);
});

test('reads a row of 200,000 chunks in less than two seconds of CPU time', async () => {
  const row = new TextEncoder().encode(`"${'x'.repeat(200_000)}"`);
  const bytes = async function* () {
    for (let at = 0; at < row.length; at += 1) yield row.subarray(at, at + 1);
  };
  const begin = process.cpuUsage();
  expect(await all(readLines(bytes()))).toEqual(['x'.repeat(200_000)]);
  expect(process.cpuUsage(begin).user / 1_000).toBeLessThan(2_000);
});

test('refuses a row that is not JSON, and a row that never ends', async () => {
  await expect(all(readLines(chunks('nope\n')))).rejects.toMatchObject({ code: 'UPSTREAM_INVALID' });
  await expect(all(readLines(chunks('"', 'x'.repeat(maxLineBytes), 'x')))).rejects.toMatchObject({ code: 'UPSTREAM_INVALID' });
});
