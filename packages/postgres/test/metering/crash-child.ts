// Opens the database that it is given and stays until it is killed. `hold`: admits writes and reads, and says so. `work`: admits and
// settles writes without end, and says the id of each call that is settled.
import { once } from 'node:events';
import { openDatabase, postgresMetering, type DatabaseOptions } from '../../src/index.ts';
import { admitToRun, callOf, ending } from '../support/ledger.ts';

const [what, options = ''] = process.argv.slice(2);
const metering = postgresMetering(await openDatabase(JSON.parse(options) as DatabaseOptions), { replica: 'child' });
const say = async (line: string) => void (process.stdout.write(`${line}\n`) || (await once(process.stdout, 'drain')));

const worker = async () => {
  for (;;) {
    const call = callOf();
    await metering.settle(await admitToRun(metering, { ...call, key: call.callId }), ending('executed', 'yes'));
    await say(call.callId);
  }
};

if (what === 'work') await Promise.all(Array.from({ length: 20 }, worker));
await Promise.all(Array.from({ length: 10 }, (_, index) => admitToRun(metering, callOf({ key: `k${index}` }))));
await Promise.all(Array.from({ length: 5 }, () => admitToRun(metering, callOf({ key: undefined, effect: 'read' }))));
await say('admitted');
