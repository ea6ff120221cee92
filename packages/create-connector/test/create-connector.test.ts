import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createConnector } from '../src/create-connector.ts';

let parent: string;
beforeAll(() => {
  parent = mkdtempSync(join(tmpdir(), 'busbar-create-'));
});
afterAll(() => rmSync(parent, { recursive: true }));

describe('a new connector', () => {
  test('has every file of the template, under its own name instead of the template’s', async () => {
    const folder = await createConnector('blue-mill', parent);
    const files = readdirSync(folder, { recursive: true, encoding: 'utf8' });
    expect(files.toSorted()).toEqual(
      [
        ['.gitignore', '.oxlintrc.json', 'README.md', 'package.json', 'tsconfig.build.json', 'tsconfig.json'],
        ['src', 'src/blue-mill.ts', 'src/client.ts', 'src/index.ts', 'src/sandbox.ts', 'src/tools', 'src/tools/tasks.ts'],
        ['test', 'test/catalogue.json', 'test/contract.test.ts', 'test/tasks.test.ts'],
      ]
        .flat()
        .toSorted(),
    );
    const texts = files.filter((file) => /\.\w+$/.test(file)).map((file) => readFileSync(join(folder, file), 'utf8'));
    expect(texts.filter((text) => /acme/i.test(text))).toEqual([]);
  });

  test('spells its name as each place needs it', async () => {
    const folder = await createConnector('blue-acme-2', parent);
    const read = (file: string) => readFileSync(join(folder, file), 'utf8');
    expect(JSON.parse(read('package.json'))).toMatchObject({
      name: 'connector-blue-acme-2',
      description: expect.stringMatching(/^BlueAcme2 /),
    });
    expect(read('src/blue-acme-2.ts')).toContain("id: 'blue-acme-2'");
    expect(read('src/index.ts')).toContain("{ blueAcme2Connector } from './blue-acme-2.ts'");
    expect(read('src/tools/tasks.ts')).toContain("name: 'blue_acme_2_get_task'");
  });
});

describe('writes nothing', () => {
  test.each(['', 'Acme', 'acme_crm', '2acme', 'acme-', 'a--b', '../acme', 'acme/x', 'a b', 'äcme', 'a'.repeat(25)])(
    'for the name "%s"',
    async (name) => {
      const before = readdirSync(parent);
      await expect(createConnector(name, parent)).rejects.toThrow(
        'lower-case letters and digits, with single hyphens between words: acme, acme-crm',
      );
      expect(readdirSync(parent)).toEqual(before);
    },
  );

  test('for a name that starts with "connector-"', async () => {
    await expect(createConnector('connector-acme', parent)).rejects.toThrow('Leave out "connector-", which is added to the name: acme');
    expect(existsSync(join(parent, 'connector-connector-acme'))).toBe(false);
  });

  test('into a folder that exists, empty or not', async () => {
    mkdirSync(join(parent, 'connector-here'));
    await expect(createConnector('here', parent)).rejects.toThrow('exists already. Choose another name');
    writeFileSync(join(parent, 'connector-here/mine.txt'), 'mine');
    await expect(createConnector('here', parent)).rejects.toThrow('exists already. Choose another name');
    expect(readdirSync(join(parent, 'connector-here'))).toEqual(['mine.txt']);
  });

  test('when the parent folder does not exist', async () => {
    await expect(createConnector('acme', join(parent, 'nowhere'))).rejects.toThrow('cannot be created');
  });
});
