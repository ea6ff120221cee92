import { destination, type DestinationStream } from 'pino';

/**
 * Writes the log to a file descriptor. The lines of one turn of the event loop are written together at its end, so that no call waits for
 * its line. When the process ends, even by an uncaught exception, all lines are written. A killed process loses the lines of its last turn.
 */
export function logDestination(fd: number): DestinationStream {
  // Synchronous: an asynchronous write would be lost when the process ends, and handing lines to another thread costs more than it saves.
  const stream = destination({ dest: fd, sync: true });
  let lines = '';
  const write = (): void => {
    process.off('exit', write);
    const now = lines;
    lines = '';
    if (now !== '') stream.write(now);
  };
  return {
    write(line) {
      if (lines === '') {
        setImmediate(write);
        process.on('exit', write);
      }
      lines += line;
    },
  };
}
