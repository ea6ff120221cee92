import { startSimulator, VendorError, type ConnectorSandbox, type SimulatorHandler } from '@busbar/core/testing';
import { z } from 'zod';

interface StoredTask {
  readonly id: string;
  title: string;
  done: boolean;
}

const Title = z.string().min(1).max(200);
const NewTask = z.object({ title: Title });
const TaskChanges = z
  .object({ title: Title.optional(), done: z.boolean().optional() })
  .refine(({ title, done }) => title !== undefined || done !== undefined);
const maxPage = 100;

/** Creates an error in the form that `readFailure` expects. */
const refusal = (status: number, message: string) => new VendorError(status, { error: { message } });

/**
 * Starts a local Acme that has three tasks and refuses what Acme refuses. `apiToken` is the token that it accepts. Port 0 means any free
 * port.
 */
export async function startAcmeSandbox({ apiToken = 'token', port = 0 } = {}): Promise<ConnectorSandbox> {
  const tasks = new Map<string, StoredTask>();
  const tasksByKey = new Map<string, StoredTask>();
  let lastId = 0;
  const add = (title: string): StoredTask => {
    const task = { id: `task-${(lastId += 1)}`, title, done: false };
    tasks.set(task.id, task);
    return task;
  };
  ['Water the plants', 'Call Ada', 'Buy milk'].forEach(add);

  const signedIn =
    (handler: SimulatorHandler): SimulatorHandler =>
    (request) => {
      if (request.headers['authorization'] !== `Bearer ${apiToken}`) throw refusal(401, 'The API token is not valid.');
      return handler(request);
    };
  const withTask = (handler: (task: StoredTask, body: unknown) => ReturnType<SimulatorHandler>): SimulatorHandler =>
    signedIn(({ params, body }) => {
      const task = tasks.get(params['id'] ?? '');
      if (!task) throw refusal(404, 'This task does not exist.');
      return handler(task, body);
    });

  const simulator = await startSimulator({
    port,
    failure: (status) => ({ body: { error: { message: `Acme failed with ${status}.` } } }),
    routes: {
      'GET /v1/me': signedIn(() => ({ body: { email: 'ada@acme.example' } })),
      'GET /v1/tasks': signedIn(({ query }) => {
        const limit = Number(query.get('limit') ?? maxPage);
        if (!(limit >= 1 && limit <= maxPage)) throw refusal(422, `The limit must be between 1 and ${maxPage}.`);
        const all = [...tasks.values()].reverse();
        const start = Number(query.get('after') ?? 0);
        const next = start + limit < all.length ? String(start + limit) : null;
        return { body: { tasks: all.slice(start, start + limit), next } };
      }),
      'POST /v1/tasks': signedIn(({ headers, body }) => {
        const key = headers['idempotency-key'];
        const existing = key === undefined ? undefined : tasksByKey.get(key);
        if (existing) return { status: 201, body: existing };
        const { data } = NewTask.safeParse(body);
        if (!data) throw refusal(422, 'The title must have 1 to 200 characters.');
        const task = add(data.title);
        if (key !== undefined) tasksByKey.set(key, task);
        return { status: 201, body: task };
      }),
      'GET /v1/tasks/{id}': withTask((task) => ({ body: task })),
      'PATCH /v1/tasks/{id}': withTask((task, body) => {
        const { data } = TaskChanges.safeParse(body);
        if (!data) throw refusal(422, 'Give a title of 1 to 200 characters, or done as true or false.');
        return { body: Object.assign(task, data) };
      }),
      'DELETE /v1/tasks/{id}': withTask((task) => {
        tasks.delete(task.id);
        return { status: 204 };
      }),
    },
  });
  return { ...simulator, config: { apiToken }, remapOrigins: { 'https://api.acme.example': simulator.url } };
}
