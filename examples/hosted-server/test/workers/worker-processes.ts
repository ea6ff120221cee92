import type { ZendeskSandbox } from '@busbar/connector-zendesk/sandbox';
import { postgresql } from '../../../../packages/postgres/test/support/databases.ts';
import type { ServerProcess } from '../server-process.ts';

/** The Redis server that all tests share. */
export const redisUrl = process.env['TEST_REDIS_URL'] ?? 'redis://127.0.0.1:6379';

/** Returns the settings of a server with two workers, on its own database, which the stack removes. */
export async function twoWorkers(stack: AsyncDisposableStack, sandbox: ZendeskSandbox): Promise<Record<string, string>> {
  const place = await postgresql?.place();
  if (!place || !('url' in place.options)) throw new Error('no PostgreSQL server');
  stack.defer(() => place.remove());
  const [[origin, target] = ['', '']] = Object.entries(sandbox.remapOrigins);
  return {
    DATABASE_URL: place.options.url,
    REDIS_URL: redisUrl,
    BUSBAR_WORKERS: '2',
    BUSBAR_SECRET: 'the same in both workers, and long enough',
    BUSBAR_REMAP_ORIGINS: `${origin}=${target}`,
    ZENDESK_SUBDOMAIN: sandbox.config.subdomain,
    ZENDESK_CLIENT_ID: sandbox.config.clientId,
    ZENDESK_CLIENT_SECRET: sandbox.config.clientSecret,
  };
}

/** Returns the pids of both workers: the last pids in the log. */
export async function pidsOf(server: ServerProcess): Promise<{ readonly one: number; readonly two: number }> {
  const pid = async (worker: number) => {
    const line = new RegExp(`"worker":${worker},"pid":(\\d+),"msg":"A worker serves"`, 'g');
    await server.logged(new RegExp(line.source));
    return Number([...server.stderr.matchAll(line)].at(-1)?.[1]);
  };
  return { one: await pid(1), two: await pid(2) };
}

/** Whether a process exists, running or stopped. */
export const isAlive = (pid: number): boolean => {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
};
