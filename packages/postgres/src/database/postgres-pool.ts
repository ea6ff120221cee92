import { hash } from 'node:crypto';
import { systemClock } from '@busbar/core';
import type { PostgresPool, PostgresPoolClient } from 'kysely';
import pg from 'pg';
import { markLost } from './errors.ts';

/** How the connections of a pool are used. */
export interface PoolUse {
  /** SQL that runs on each connection before its first use. */
  readonly settings?: string;
  /**
   * Prepares each statement once per connection, because parsing and planning it takes longer than running it. Use this for a fixed set of
   * statements only. A proxy must then give each client connection its own server connection ("session" mode).
   */
  readonly prepare?: boolean;
  /** How long a query waits for its answer. Default: as long as the connection lasts. */
  readonly timeoutMs?: number;
}

// Statements whose text changes each time must not fill the server's memory.
const maxPrepared = 100;

/** Adapts a pg pool for Kysely. A connection whose server stopped answering is not used again. */
export function postgresPool(pool: pg.Pool, { settings, prepare = false, timeoutMs }: PoolUse): PostgresPool {
  const adapters = new WeakMap<pg.PoolClient, PostgresPoolClient>();
  const names = new Map<string, string>();

  function nameOf(text: string): string | undefined {
    const known = names.get(text);
    if (known !== undefined || !prepare || names.size >= maxPrepared) return known;
    const name = `busbar_${hash('sha1', text)}`;
    names.set(text, name);
    return name;
  }

  function adapt(client: pg.PoolClient): PostgresPoolClient {
    let lost = false;
    const query = async (text: string, values: readonly unknown[]) => {
      const name = nameOf(text);
      try {
        return await runQuery(client, { text, values: [...values], ...(name !== undefined && { name }) }, timeoutMs);
      } catch (error) {
        // If the server has not answered, its reply may still come, and pg would mistake it for the reply to the next statement.
        if (!(error instanceof pg.DatabaseError)) lost = true;
        throw lostUnlessReported(error);
      }
    };
    const release = (destroy?: boolean): void => client.release(destroy || lost);
    return { query, release } as unknown as PostgresPoolClient;
  }

  return {
    async connect() {
      const client = await pool.connect().catch((error: unknown) => {
        throw lostUnlessReported(error);
      });
      const known = adapters.get(client);
      if (known) return known;
      const adapted = adapt(client);
      try {
        if (settings !== undefined) await runQuery(client, { text: settings }, timeoutMs);
      } catch (error) {
        client.release(true);
        throw lostUnlessReported(error);
      }
      adapters.set(client, adapted);
      return adapted;
    },
    end: () => pool.end(),
    options: pool.options,
  };
}

/** Marks every error as a lost connection, except errors that the server reported, and values that cannot be sent at all. */
const lostUnlessReported = (error: unknown): unknown =>
  error instanceof pg.DatabaseError || error instanceof TypeError || error instanceof RangeError ? error : markLost(error);

/**
 * Uses a callback and its own timer. pg's promise and its `query_timeout` keep each query, with all its values, reachable from the next
 * queries until V8 collects old garbage: under load that took a fifth of the CPU time.
 */
function runQuery(client: pg.PoolClient, query: pg.QueryConfig, timeoutMs: number | undefined): Promise<pg.QueryResult> {
  return new Promise((resolve, reject) => {
    const cancel = timeoutMs === undefined ? undefined : systemClock.timer(timeoutMs, () => reject(new Error('Query read timeout')));
    client.query(query, (error: Error | null, result) => {
      cancel?.();
      if (error) return reject(error);
      resolve(result);
    });
  });
}
