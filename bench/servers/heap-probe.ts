// Loaded before each server: says how much heap is in use when asked, and does nothing else.
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

process.on('message', (message) => {
  if (message !== 'heap') return;
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  collect();
  collect();
  process.send?.(process.memoryUsage().heapUsed);
});
// Whoever listens would otherwise be kept alive by it, also where it has nothing else to do.
process.channel?.unref();
process.once('disconnect', () => process.exit());
