import { readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';

test.each([
  ['the hello connector', '../../hello-connector/src/hello.ts', 25],
  ['its test', '../../hello-connector/test/hello.test.ts', 10],
  ['the minimal server', '../src/server.ts', 10],
])('%s, at %s, has at most %i lines', async (_what, file, most) => {
  const text = await readFile(new URL(file, import.meta.url), 'utf8');
  expect(text.trimEnd().split('\n').length).toBeLessThanOrEqual(most);
});
