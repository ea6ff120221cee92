import { destination, type DestinationStream } from 'pino';

// Lines that a full disk does not take are kept up to this size, and written with the next lines. Others are lost.
const maxKeptBytes = 16 * 1024 * 1024;

/**
 * Writes the log to a file descriptor. The lines of one turn of the event loop are written together at its end, so that no call waits for
 * its line. A log that cannot be written does not end the process. When the process ends, even by an uncaught exception, all lines are
 * written. A killed process loses the lines of its last turn.
 */
export function logDestination(fd: number): DestinationStream {
  // Synchronous: an asynchronous write would be lost when the process ends, and handing lines to another thread costs more than it saves.
  const stream = destination({ dest: fd, sync: true, maxLength: maxKeptBytes });
  // The error cannot be logged. Without a listener, it would be thrown.
  stream.on('error', () => {});
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
