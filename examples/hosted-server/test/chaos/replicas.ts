import { EventEmitter, once } from 'node:events';
import { startProcess, type ServerProcess } from '../server-process.ts';

/** Servers that are killed and started again. */
export interface Replicas {
  /** Where they are that serve now. */
  readonly urls: readonly string[];
  /** Where a random one of those that serve is. Waits while none does. */
  pick(): Promise<string>;
  /** Ends a random one of those that serve with SIGKILL, and starts another in its place. Resolves when it is dead. */
  kill(): Promise<void>;
  /** Ends all with SIGKILL, for good. */
  stop(): Promise<void>;
  /** Resolves when all serve. */
  allServe(): Promise<void>;
  /** What was said by starts that came to nothing, such as those without a database. */
  readonly failedStarts: readonly string[];
}

// A start without a database takes half a second and more, so this is longer than any restart of one.
const maxStarts = 60;

/** Starts as many servers with these settings. They end with the stack. */
export async function startReplicas(stack: AsyncDisposableStack, count: number, env: Readonly<Record<string, string>>): Promise<Replicas> {
  const serving = new Set<ServerProcess>();
  const starting = new Set<Promise<void>>();
  const failedStarts: string[] = [];
  const changes = new EventEmitter().setMaxListeners(0).on('error', () => {});
  let over = false;

  async function startOne(): Promise<void> {
    for (let starts = 0; starts < maxStarts && !over; starts += 1) {
      const server = await startProcess(env);
      if (server.url === '') {
        failedStarts.push(server.stderr);
        continue;
      }
      serving.add(server);
      changes.emit('serving');
      return;
    }
    changes.emit('error', new Error(`A replica does not start: ${failedStarts.at(-1)}`));
  }
  function start(): Promise<void> {
    const started = startOne().finally(() => starting.delete(started));
    starting.add(started);
    return started;
  }
  async function end(server: ServerProcess): Promise<void> {
    serving.delete(server);
    server.kill('SIGKILL');
    await server.ended;
  }
  async function stop(): Promise<void> {
    over = true;
    await Promise.all([...serving].map(end));
    await Promise.all(starting);
    await Promise.all([...serving].map(end));
  }
  async function randomOne(): Promise<ServerProcess> {
    for (;;) {
      const all = [...serving];
      const one = all[Math.floor(Math.random() * all.length)];
      if (one) return one;
      await once(changes, 'serving');
    }
  }

  stack.defer(stop);
  await Promise.all(Array.from({ length: count }, start));
  if (serving.size < count) throw new Error(`Not all replicas start: ${failedStarts.at(-1)}`);
  return {
    get urls() {
      return Array.from(serving, ({ url }) => url);
    },
    pick: async () => (await randomOne()).url,
    async kill() {
      await end(await randomOne());
      void start();
    },
    stop,
    async allServe() {
      while (serving.size < count) await once(changes, 'serving');
    },
    failedStarts,
  };
}
