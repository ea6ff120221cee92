import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test, vi } from 'vitest';

const packages = join(import.meta.dirname, '../packages');

/** The example in each connector's README, and its output. */
const examples = {
  'connector-salesforce': {
    run: () => import('../packages/connector-salesforce/test/quick-start.ts'),
    prints: { records: [{ Name: 'Example Bakery' }], total: 1 },
  },
  'connector-sendgrid': {
    run: () => import('../packages/connector-sendgrid/test/quick-start.ts'),
    prints: { messageId: expect.any(String), recipients: 1 },
  },
  'connector-zendesk': {
    run: () => import('../packages/connector-zendesk/test/quick-start.ts'),
    prints: expect.objectContaining({
      total: 1,
      tickets: [expect.objectContaining({ subject: 'Label printer does not print' })],
    }),
  },
};

test.each(Object.entries(examples))('the README of %s has an example that runs, through the public entries', async (name, example) => {
  const read = (path: string) => readFileSync(join(packages, name, path), 'utf8');
  expect(read('README.md')).toContain(`\`\`\`ts\n${read('test/quick-start.ts')}\`\`\`\n`);
  const print = vi.spyOn(console, 'log').mockImplementation(() => {});
  await example.run();
  expect(print.mock.lastCall).toEqual([example.prints]);
  print.mockRestore();
});

test('every connector has a quick start', () => {
  expect(readdirSync(packages).filter((name) => name.startsWith('connector-'))).toEqual(Object.keys(examples));
});
