import type { Context, Http } from '@busbar/core';
import { z } from 'zod';

// Acme's answers, with the fields that the tools use. Be lenient: vendors send null or nothing where their documentation promises a string.
const Task = z.looseObject({ id: z.string(), title: z.string().nullish(), done: z.boolean().nullish() });
const Page = z.looseObject({ tasks: z.array(Task), next: z.string().nullish() });

export type Task = z.output<typeof Task>;
export type Client = ReturnType<typeof createClient>;

/** The operations of Acme's API that the tools use. */
export const createClient = (http: Http) => ({
  me: (context: Context) => http.get({ path: '/v1/me', response: z.looseObject({ email: z.string() }) }, context),
  list: (query: { readonly limit: number; readonly after: string | undefined }, context: Context) =>
    http.get({ path: '/v1/tasks', query, response: Page }, context),
  get: (id: string, context: Context) => http.get({ path: '/v1/tasks/{id}', params: { id }, response: Task }, context),
  create: (title: string, context: Context) =>
    http.post(
      {
        path: '/v1/tasks',
        body: { json: { title } },
        response: Task,
        headers: { 'idempotency-key': context.key('task') },
        retry: 'keyed', // Acme creates one task per key, so core may repeat the request when its answer is lost.
        ifLost: 'Look for its title with acme_list_tasks before you create it again.',
      },
      context,
    ),
  update: (id: string, changes: { readonly title?: string | undefined; readonly done?: boolean | undefined }, context: Context) =>
    http.patch(
      {
        path: '/v1/tasks/{id}',
        params: { id },
        body: { json: changes },
        response: Task,
        retry: 'safe', // The request sets fields to fixed values, so a second one changes nothing more.
        ifLost: 'Read the task with acme_get_task to see whether the update was made.',
      },
      context,
    ),
  remove: (id: string, context: Context) =>
    http.delete(
      {
        path: '/v1/tasks/{id}',
        params: { id },
        retry: 'never', // If the first request deleted the task, Acme would answer a second one with 404.
        ifLost: 'Read the task with acme_get_task: NOT_FOUND means that it is deleted.',
      },
      context,
    ),
});
