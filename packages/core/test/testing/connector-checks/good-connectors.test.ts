import { describe, expect, test } from 'vitest';
import { connectorChecks } from '../../../src/testing/index.ts';
import { acme, acmeFixture, acmeWith, withClient } from './acme-connector.ts';
import { acmeMore, acmeMoreFixture } from './acme-more.ts';

describe('a connector that meets every rule', () => {
  test.each(connectorChecks(acme, acmeFixture))('$name', async ({ run }) => {
    await expect(run()).resolves.toBeUndefined();
  });
});

describe('a connector with rows, a question, a job and a webhook that meets every rule', () => {
  test.each(connectorChecks(acmeMore, acmeMoreFixture))('$name', async ({ run }) => {
    await expect(run()).resolves.toBeUndefined();
  });
});

describe('a connector that reads what it has written, and meets every rule', () => {
  const polling = withClient(acmeWith(['create_note', 'edit_note']), (client) => ({
    create: async (context, text) => client.get(context, (await client.create(context, text)).id),
    edit: async (context, id, text) => client.get(context, (await client.edit(context, id, text)).id),
  }));
  const { acme_create_note, acme_edit_note } = acmeFixture.examples;
  const examples = { acme_create_note: acme_create_note ?? {}, acme_edit_note: acme_edit_note ?? {} };

  test.each(connectorChecks(polling, { ...acmeFixture, examples }))('$name', async ({ run }) => {
    await expect(run()).resolves.toBeUndefined();
  });
});
