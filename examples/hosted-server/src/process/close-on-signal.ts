import type { Server } from '../server.ts';

// Ctrl-C in a terminal reaches both npm and the server, and npm may forward it too. Two signals within this time count as one.
const sameRequestMs = 500;

/**
 * Closes the server on SIGTERM or SIGINT, then exits: with 0 after a complete shutdown, with 1 if closing failed or took longer than
 * `drainMs`. A second signal exits at once, with 1.
 */
export function closeOnSignal(server: Server, drainMs: number): void {
  const { log } = server;
  let firstSignalAt: number | undefined;
  const onSignal = (signal: NodeJS.Signals): void => {
    if (firstSignalAt !== undefined) {
      if (performance.now() - firstSignalAt < sameRequestMs) return;
      log.warn({ signal }, 'A second signal: exiting at once');
      process.exit(1);
    }
    firstSignalAt = performance.now();
    log.info({ signal, drainMs }, 'Stopping: running calls may finish, new ones are refused');
    setTimeout(() => {
      log.error({ drainMs }, 'Stopping took too long; exiting before it was complete');
      process.exit(1);
    }, drainMs).unref();
    server.close().then(
      () => {
        log.info({}, 'Stopped');
        process.exit(0);
      },
      (err: unknown) => {
        log.error({ err }, 'Stopping failed');
        process.exit(1);
      },
    );
  };
  process.on('SIGTERM', onSignal);
  process.on('SIGINT', onSignal);
}
