import pg from 'pg';

/**
 * Makes a database on a server refuse all writes, as a standby does, or accept them again. Ends its connections, because the setting
 * applies to new ones.
 */
export async function setReadOnly(url: string, value: 'on' | 'off'): Promise<void> {
  const name = new URL(url).pathname.slice(1);
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    await client.query('set default_transaction_read_only = off');
    await client.query(`alter database "${name}" set default_transaction_read_only = ${value}`);
    await client.query('select pg_terminate_backend(pid) from pg_stat_activity where datname = $1 and pid <> pg_backend_pid()', [name]);
  } finally {
    await client.end();
  }
}
