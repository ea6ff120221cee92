import type { Context, Http } from '@busbar/core';
import { z } from 'zod';

// What Acme answers, as far as it is used. Lenient: vendors send null where their documents promise text, and leave out what is empty.
const Task = z.looseObject({ id: z.string(), title: z.string().nullish(), done: z.boolean().nullish() });
const Page = z.looseObject({ tasks: z.array(Task), next: z.string().nullish() });

export type Task = z.output<typeof Task>;
export type Client = ReturnType<typeof createClient>;

/** Acme's API, as far as the tools need it. */
export const createClient = (http: Http) => ({
  me: (context: Context) => http.get({ path: '/v1/me', response: z.looseObject({ email: z.string() }) }, context),
  list: (context: Context, query: { readonly limit: number; readonly after: string | undefined }) =>
    http.get({ path: '/v1/tasks', query, response: Page }, context),
  get: (context: Context, id: string) => http.get({ path: '/v1/tasks/{id}', params: { id }, response: Task }, context),
  create: (context: Context, title: string) =>
    http.post(
      {
        path: '/v1/tasks',
        body: { json: { title } },
        response: Task,
        headers: { 'idempotency-key': context.key('task') },
        retry: 'keyed', // Acme counts a key once, so the request may be sent again when its answer was lost.
        ifLost: 'Look for its title with acme_list_tasks before you create it again.',
      },
      context,
    ),
  update: (context: Context, id: string, changes: { readonly title?: string | undefined; readonly done?: boolean | undefined }) =>
    http.patch(
      {
        path: '/v1/tasks/{id}',
        params: { id },
        body: { json: changes },
        response: Task,
        retry: 'safe', // It sets fields to the given values, so a repetition changes nothing more.
        ifLost: 'Read the task with acme_get_task to see what it says now.',
      },
      context,
    ),
  remove: (context: Context, id: string) =>
    http.delete(
      {
        path: '/v1/tasks/{id}',
        params: { id },
        retry: 'never', // The second time Acme would say that there is no such task, though the first has deleted it.
        ifLost: 'Read the task with acme_get_task: NOT_FOUND means that it is deleted.',
      },
      context,
    ),
});
