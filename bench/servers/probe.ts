// Loaded before each server. Says how much heap is in use, and keeps what was compiled, when asked, and does nothing else.
import { flushCompileCache } from 'node:module';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

process.on('message', (message) => {
  if (message === 'heap') process.send?.(heapUsed());
  if (message !== 'flush') return;
  flushCompileCache();
  process.send?.(0);
});
// Whoever listens would otherwise be kept alive by it, also where it has nothing else to do.
process.channel?.unref();
process.once('disconnect', () => process.exit());

function heapUsed(): number {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  collect();
  collect();
  return process.memoryUsage().heapUsed;
}
