import { destination, type DestinationStream } from 'pino';

/**
 * Writes the log to a file descriptor: the lines of one turn of the event loop at once, at its end, so that no call waits for its line. At
 * the end of the process, by an exception that nobody caught too, all are written. One that is killed loses those of its last turn.
 */
export function logDestination(fd: number): DestinationStream {
  // Not asynchronous: what is being written when the process ends would be lost, and other threads take more time than it saves.
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
