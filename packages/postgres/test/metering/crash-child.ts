// Opens the database in its argument and runs until it is killed. `hold`: admits writes and reads, and prints a line. `work`: admits and
// settles writes without end, and prints the id of each settled call.
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
