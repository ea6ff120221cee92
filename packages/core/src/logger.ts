/** Structured logging, as core and connectors use it: fields first, then a sentence. A pino instance works without an adapter. */
export interface Logger {
  debug(fields: object, message: string): void;
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

/** Discards everything. The default logger of `createHost`. */
export const silentLogger: Logger = { debug() {}, info() {}, warn() {}, error() {} };
