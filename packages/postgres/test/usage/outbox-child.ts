// Delivers the usage events of a database to a URL, until it is killed or no event is left. Arguments: the database, the URL, and how many
// milliseconds its clock is ahead.
import { systemClock } from '@busbar/core';
import { openDatabase, usageOutbox, type DatabaseOptions } from '../../src/index.ts';

const [options = '', url = '', aheadMs = '0'] = process.argv.slice(2);
const database = await openDatabase(JSON.parse(options) as DatabaseOptions);
const outbox = usageOutbox(database, {
  clock: { ...systemClock, now: () => systemClock.now() + Number(aheadMs) },
  async send(records, signal) {
    const body = JSON.stringify(records.map(({ callId }) => callId));
    const { ok } = await fetch(url, { method: 'POST', body, signal });
    return records.map(() => (ok ? { status: 'delivered' } : { status: 'later', reason: 'not taken' }));
  },
});
outbox.start();
while (await database.db.selectFrom('usage_outbox').select('call_id').limit(1).executeTakeFirst())
  await new Promise<void>((resolve) => void setImmediate(resolve));
await outbox.drain();
await database.close();
