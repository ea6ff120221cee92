import type { Server } from '../server.ts';

// A terminal's Ctrl-C reaches npm and the server both, and npm may pass it on: that is one wish, not two.
const sameWishMs = 500;

/**
 * Closes the server on SIGTERM or SIGINT and ends the process: with 0 when all was closed, with 1 when that failed or took longer than
 * `drainMs`. A second signal ends it at once, with 1.
 */
export function closeOnSignal(server: Server, drainMs: number): void {
  const { log } = server;
  let askedAt: number | undefined;
  const onSignal = (signal: NodeJS.Signals): void => {
    if (askedAt !== undefined) {
      if (performance.now() - askedAt < sameWishMs) return;
      log.warn({ signal }, 'A second signal: stopping at once');
      process.exit(1);
    }
    askedAt = performance.now();
    log.info({ signal, drainMs }, 'Stopping: running calls may end, new ones are refused');
    setTimeout(() => {
      log.error({ drainMs }, 'Stopping took too long and was broken off');
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
