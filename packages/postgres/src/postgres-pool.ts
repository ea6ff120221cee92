import { hash } from 'node:crypto';
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
}

// One set of statements that is made up anew each time must not fill the server's memory.
const maxPrepared = 100;

/** A pool as Kysely wants it. A connection whose server went silent or away is not used again. */
export function postgresPool(pool: pg.Pool, { settings, prepare = false }: PoolUse): PostgresPool {
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
        return await client.query({ text, values: [...values], ...(name !== undefined && { name }) });
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
        if (settings !== undefined) await client.query(settings);
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
