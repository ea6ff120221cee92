import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Connector } from '../packages/core/src/index.ts';
import { testConnector, type ConnectorSandbox } from '../packages/core/src/testing/index.ts';

const root = join(import.meta.dirname, '..');
const page = readFileSync(join(root, 'docs/write-a-connector.md'), 'utf8');
const blocks = Array.from(page.matchAll(/^```ts\n(.*?)^```$/gms), ([, code = '']) => code);

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'busbar-tutorial-'));
  mkdirSync(join(folder, 'node_modules/@busbar'), { recursive: true });
  symlinkSync(join(root, 'packages/core'), join(folder, 'node_modules/@busbar/core'));
  symlinkSync(join(root, 'packages/core/node_modules/zod'), join(folder, 'node_modules/zod'));
  blocks.slice(0, 2).forEach((code, index) => writeFileSync(join(folder, `block-${index}.ts`), code));
});
afterAll(() => rmSync(folder, { recursive: true }));

test('the connector of docs/write-a-connector.md meets the contract in the sandbox of the page', async () => {
  const { notes } = (await import(join(folder, 'block-0.ts'))) as { readonly notes: Connector };
  const { startNotesSandbox } = (await import(join(folder, 'block-1.ts'))) as {
    startNotesSandbox(options: { readonly token: string }): Promise<ConnectorSandbox>;
  };
  await expect(
    testConnector(notes, {
      sandbox: ({ canary }) => startNotesSandbox({ token: canary }),
      examples: { notes_read_note: { id: '1' }, notes_create_note: { text: 'Buy bread' } },
    }),
  ).resolves.toBeUndefined();
});
