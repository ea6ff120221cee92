import { EventEmitter, once } from 'node:events';
import { startProcess, type ServerProcess } from '../server-process.ts';

/** Servers that a test kills and restarts. */
export interface Replicas {
  /** The addresses of the replicas that serve now. */
  readonly urls: readonly string[];
  /** The address of a random serving replica. Waits while none serves. */
  pick(): Promise<string>;
  /** Kills a random serving replica with SIGKILL and starts another in its place. Resolves when the killed replica is dead. */
  kill(): Promise<void>;
  /** Kills all replicas with SIGKILL and starts none. */
  stop(): Promise<void>;
  /** Resolves when all replicas serve. */
  allServe(): Promise<void>;
  /** The output of failed starts, such as starts without a database. */
  readonly failedStarts: readonly string[];
}

// A start without a database takes half a second or more, so this is longer than any restart of a database.
const maxStarts = 60;

/** Starts this number of servers with these settings. They end with the stack. */
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
      const url = all[Math.floor(Math.random() * all.length)];
      if (url) return url;
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
