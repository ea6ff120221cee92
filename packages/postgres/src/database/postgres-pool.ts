import { hash } from 'node:crypto';
import { systemClock } from '@busbar/core';
import type { PostgresPool, PostgresPoolClient } from 'kysely';
import pg from 'pg';

/** How the connections of a pool are used. */
export interface PoolUse {
  /** Run on each connection before it is used. */
  readonly settings?: string;
  /**
   * Prepares each statement once for a connection, so that it is parsed and planned once: that takes longer than running it. For a fixed
   * set of statements; behind a proxy it needs a connection of the server for each of its own ("session" mode).
   */
  readonly prepare?: boolean;
  /** How long an answer is waited for. Default: for as long as the connection lasts. */
  readonly timeoutMs?: number;
}

// One set of statements that is made up anew each time must not fill the server's memory.
const maxPrepared = 100;

/** A pool as Kysely wants it. A connection whose server went silent or away is not used again. */
export function postgresPool(pool: pg.Pool, { settings, prepare = false, timeoutMs }: PoolUse): PostgresPool {
  const used = new WeakMap<pg.PoolClient, PostgresPoolClient>();
  const names = new Map<string, string>();

  function nameOf(text: string): string | undefined {
    const known = names.get(text);
    if (known !== undefined || !prepare || names.size >= maxPrepared) return known;
    const name = `busbar_${hash('sha1', text)}`;
    names.set(text, name);
    return name;
  }

  function use(client: pg.PoolClient): PostgresPoolClient {
    let lost = false;
    const query = async (text: string, values: readonly unknown[]) => {
      const name = nameOf(text);
      try {
        return await answerTo(client, { text, values: [...values], ...(name !== undefined && { name }) }, timeoutMs);
      } catch (error) {
        // Anything but the server's own answer: the reply may still come, and would be taken for that of the next statement.
        if (!(error instanceof pg.DatabaseError)) lost = true;
        throw error;
      }
    };
    const release = (destroy?: boolean): void => client.release(destroy || lost);
    return { query, release } as unknown as PostgresPoolClient;
  }

  return {
    async connect() {
      const client = await pool.connect();
      const known = used.get(client);
      if (known) return known;
      const made = use(client);
      try {
        if (settings !== undefined) await answerTo(client, { text: settings }, timeoutMs);
      } catch (error) {
        client.release(true);
        throw error;
      }
      used.set(client, made);
      return made;
    },
    end: () => pool.end(),
    options: pool.options,
  };
}

/**
 * With a callback, and with a timer of our own. The promise and the `query_timeout` of pg keep each query, with all its values, within reach of
 * the next ones until old garbage is collected: under load that took a fifth of the CPU time.
 */
function answerTo(client: pg.PoolClient, query: pg.QueryConfig, timeoutMs: number | undefined): Promise<pg.QueryResult> {
  return new Promise((resolve, reject) => {
    const cancel = timeoutMs === undefined ? undefined : systemClock.timer(timeoutMs, () => reject(new Error('Query read timeout')));
    client.query(query, (error: Error | null, result) => {
      cancel?.();
      if (error) return reject(error);
      resolve(result);
    });
  });
}
