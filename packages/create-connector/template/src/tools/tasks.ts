import { omitNullish, type ToolBuilder } from '@busbar/core';
import { z } from 'zod';
import type { Client, Task } from '../client.ts';

const id = z.string().min(1).max(64).describe('Id of the task, 1 to 64 characters');
const title = z.string().min(1).max(200).describe('Title of the task, 1 to 200 characters');

const TaskView = z.object({
  id: z.string().describe('Id of the task'),
  title: z.string().optional().describe('Title of the task'),
  done: z.boolean().describe('Whether it is done'),
});
const viewTask = ({ id, title, done }: Task) => ({ id, done: done === true, ...omitNullish({ title }) });

export const taskTools = (tool: ToolBuilder<Client>) => [
  tool({
    name: 'acme_list_tasks',
    description: 'Lists the tasks in Acme, newest first, a page at a time.',
    effect: 'read',
    input: z.object({
      limit: z.int().min(1).max(100).default(25).describe('Tasks in a page, 1 to 100. Default: 25'),
      cursor: z.string().optional().describe('nextCursor of the previous page. Absent: the first page'),
    }),
    output: z.object({
      tasks: z.array(TaskView).describe('The tasks of this page'),
      nextCursor: z.string().optional().describe('Pass it as cursor for the next page; absent on the last one'),
    }),
    run: async ({ limit, cursor }, client, context) => {
      const after = cursor === undefined ? undefined : context.cursor.read(cursor, z.string());
      const { tasks, next } = (await client.list({ limit, after }, context)).data;
      return { tasks: tasks.slice(0, limit).map(viewTask), ...(typeof next === 'string' && { nextCursor: context.cursor.write(next) }) };
    },
  }),
  tool({
    name: 'acme_get_task',
    description: 'Reads one task in Acme.',
    effect: 'read',
    input: z.object({ id }),
    output: TaskView,
    run: async (input, client, context) => viewTask((await client.get(input.id, context)).data),
  }),
  tool({
    name: 'acme_create_task',
    description: 'Creates a task in Acme and returns it with its id.',
    effect: 'write',
    input: z.object({ title }),
    output: TaskView,
    run: async (input, client, context) => viewTask((await client.create(input.title, context)).data),
  }),
  tool({
    name: 'acme_update_task',
    description: 'Updates the title of a task in Acme, or whether it is done, and returns the task.',
    effect: 'write',
    input: z.object({
      id,
      title: title.optional().describe('New title, 1 to 200 characters. Absent: unchanged'),
      done: z.boolean().optional().describe('Whether it is done. Absent: unchanged'),
    }),
    output: TaskView,
    run: async ({ id, ...changes }, client, context) => viewTask((await client.update(id, changes, context)).data),
  }),
  tool({
    name: 'acme_delete_task',
    description: 'Deletes a task in Acme permanently.',
    effect: 'destructive',
    input: z.object({ id }),
    output: z.object({ id: z.string().describe('Id of the deleted task') }),
    run: ({ id }, client, context) => client.remove(id, context).then(() => ({ id })),
  }),
];
