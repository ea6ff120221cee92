import { lostAnswerChecks } from '@busbar/core/testing';
import { describe, expect, test } from 'vitest';
import { acmeConnector } from '../src/index.ts';
import { startAcmeSandbox } from '../src/sandbox.ts';

const checks = lostAnswerChecks(acmeConnector, {
  sandbox: () => startAcmeSandbox(),
  writes: [
    {
      tool: 'acme_create_task',
      route: 'POST /v1/tasks',
      retry: 'keyed',
      ifLost: 'Look for its title with acme_list_tasks',
      input: () => ({ title: 'Buy bread' }),
    },
    {
      tool: 'acme_update_task',
      route: 'PATCH /v1/tasks/{id}',
      retry: 'safe',
      ifLost: 'Read the task with acme_get_task',
      input: () => ({ id: 'task-2', done: true }),
    },
    {
      tool: 'acme_delete_task',
      route: 'DELETE /v1/tasks/{id}',
      retry: 'never',
      ifLost: 'NOT_FOUND means that it is deleted',
      input: () => ({ id: 'task-1' }),
    },
  ],
});

describe('a lost answer', () => {
  test.each(checks)('$name', async ({ run }) => expect(await run()).toBeUndefined());
});
