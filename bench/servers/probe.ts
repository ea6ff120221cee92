// Loaded into each server before its program. On request, returns the heap in use or writes the compile cache.
import { flushCompileCache } from 'node:module';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

process.on('message', (message) => {
  if (message === 'heap') process.send?.(heapUsed());
  if (message !== 'flush') return;
  flushCompileCache();
  process.send?.(0);
});
// A listener would otherwise keep the process alive even if it has nothing else to do.
process.channel?.unref();
process.once('disconnect', () => process.exit());

function heapUsed(): number {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  collect();
  collect();
  return process.memoryUsage().heapUsed;
}
