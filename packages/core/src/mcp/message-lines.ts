import { Transform } from 'node:stream';
import { hasMark, markBytes } from './request/byte-order-mark.ts';
import { messageId } from './request/message-id.ts';
import { decodeMessage, parseMessage } from './request/parse-message.ts';
import { tooLarge } from './request/read-body.ts';
import { readParams } from './request/read-params.ts';

interface LineOptions {
  /** The largest line, in bytes. */
  readonly maxBytes: number;
  /** Throws if a message must not be passed on. */
  readonly check: (message: unknown) => void;
  /** Receives the error for each line that is not passed on, and the id of its request if that is known. */
  readonly refuse: (error: unknown, id: string | number | undefined) => void;
}

/**
 * Passes on the lines of a pipe that hold a valid message. The SDK would drop all others, and their client would wait for an answer for
 * ever. Empty lines are no messages.
 */
export class MessageLines extends Transform {
  readonly #options: LineOptions;
  #parts: Buffer[] = [];
  #size = 0;

  constructor(options: LineOptions) {
    super();
    this.#options = options;
  }

  override _transform(chunk: Buffer, _encoding: BufferEncoding, done: () => void): void {
    let start = 0;
    for (let end = chunk.indexOf('\n'); end !== -1; end = chunk.indexOf('\n', start)) {
      this.#add(chunk.subarray(start, end));
      this.#endLine();
      start = end + 1;
    }
    this.#add(chunk.subarray(start));
    done();
  }

  /** Keeps no more of a line than may be in it. */
  #add(part: Buffer): void {
    this.#size += part.length;
    if (this.#size > this.#options.maxBytes) this.#parts = [];
    else if (part.length > 0) this.#parts.push(part);
  }

  #endLine(): void {
    const { maxBytes, check, refuse } = this.#options;
    const [size, line] = [this.#size, Buffer.concat(this.#parts)];
    this.#parts = [];
    this.#size = 0;
    let message: unknown;
    try {
      if (size > maxBytes) throw tooLarge(maxBytes);
      if (isBlank(line)) return;
      message = parseMessage(decodeMessage(line));
      const isChanged = readParams(message);
      check(message);
      this.push(isChanged ? JSON.stringify(message) : hasMark(line) ? line.subarray(markBytes) : line);
      this.push('\n');
    } catch (error) {
      refuse(error, messageId(message));
    }
  }
}

/** Whether a line has only blanks, and maybe a byte order mark. */
const isBlank = (line: Buffer): boolean => line.length < 64 && /^\uFEFF?\s*$/u.test(line.toString());
