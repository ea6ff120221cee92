import { openSandbox, type OpenedSandbox } from '@busbar/core/testing';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { acmeConnector } from '../src/index.ts';
import { startAcmeSandbox } from '../src/sandbox.ts';

let account: OpenedSandbox;
beforeEach(async () => {
  account = await openSandbox(acmeConnector, await startAcmeSandbox());
});
afterEach(() => account.close());

test('lists tasks newest first, page by page', async () => {
  const { tasks, nextCursor } = await account.call('acme_list_tasks', { limit: 2 });
  expect(tasks).toMatchObject([{ title: 'Buy milk' }, { title: 'Call Ada' }]);
  await expect(account.call('acme_list_tasks', { limit: 2, cursor: nextCursor })).resolves.toEqual({
    tasks: [{ id: 'task-1', title: 'Water the plants', done: false }],
  });
});

test('an update changes only the given fields', async () => {
  await account.call('acme_update_task', { id: 'task-2', done: true });
  await expect(account.call('acme_get_task', { id: 'task-2' })).resolves.toEqual({ id: 'task-2', title: 'Call Ada', done: true });
});

test('creates one task when the answer to the first request is lost', async () => {
  account.sandbox.misbehave({ kind: 'lose', match: 'POST /v1/tasks' });
  await expect(account.call('acme_create_task', { title: 'Buy bread' })).resolves.toMatchObject({ id: 'task-4' });
  expect(account.sandbox.requests.filter(({ route }) => route === 'POST /v1/tasks')).toHaveLength(2);
});

test('an error passes on Acme’s reason', async () => {
  await expect(account.failure('acme_update_task', { id: 'task-2' })).resolves.toMatch(/^UPSTREAM_REJECTED: .*Give a title/);
});

test('sends a deletion once and, when its answer is lost, says how to check the outcome', async () => {
  account.sandbox.misbehave({ kind: 'lose', match: 'DELETE /v1/tasks/{id}' });
  await expect(account.failure('acme_delete_task', { id: 'task-1' })).resolves.toMatch(/^OUTCOME_UNKNOWN: .*NOT_FOUND means/);
  expect(account.sandbox.requests).toHaveLength(1);
});
