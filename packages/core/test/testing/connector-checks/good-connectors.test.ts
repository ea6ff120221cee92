import { describe, expect, test } from 'vitest';
import { connectorChecks } from '../../../src/testing/index.ts';
import { acme, acmeFixture } from './acme-connector.ts';
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
