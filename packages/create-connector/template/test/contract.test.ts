import { testConnector } from '@busbar/core/testing';
import { test } from 'vitest';
import { acmeConnector } from '../src/index.ts';
import { startAcmeSandbox } from '../src/sandbox.ts';

test('the connector meets the contract', { timeout: 120_000 }, () =>
  testConnector(acmeConnector, {
    folder: new URL('..', import.meta.url),
    sandbox: ({ canary }) => startAcmeSandbox({ apiToken: canary }),
    examples: {
      acme_list_tasks: { limit: 2 },
      acme_get_task: { id: 'task-1' },
      acme_create_task: { title: 'Buy bread' },
      acme_update_task: { id: 'task-2', title: 'Call Bob', done: true },
      acme_delete_task: { id: 'task-3' },
    },
  }),
);
