import { silentLogger, type Logger } from '../logger.ts';

/** Removes a connection's secrets from log lines, errors and answers. */
export interface Redactor {
  /** Adds a secret, such as a newly issued token. Keeps the 50 most recently added secrets, in addition to the secrets in the settings. */
  add(secret: string): void;
  /** Returns a redactor that also redacts these secrets, for one call. */
  with(secrets: readonly string[]): Redactor;
  /** Returns whether a string, which may be JSON, contains a secret. */
  finds(text: string): boolean;
  text(text: string): string;
  /** Copies a value and redacts the secrets in its strings and keys. Replaces objects and arrays below the eighth level with `[cut]`. */
  value(value: unknown): unknown;
}

const mask = '[redacted]';
const maxDepth = 8;
const maxAdded = 50;
// Shorter secrets would match ordinary words.
const minLength = 4;

/**
 * Creates a redactor.
 *
 * @param pattern Text that is a secret wherever it appears. Must be found in linear time.
 */
export function createRedactor(settings: readonly string[], pattern?: RegExp): Redactor {
  const found = pattern && new RegExp(pattern.source, pattern.flags.replace(/[gy]/g, ''));
  const allFound = found && new RegExp(found.source, `${found.flags}g`);
  const added: string[] = [];
  // Each secret as plain text and as JSON-escaped text, because a private key has line feeds.
  const fixed = [...new Set(settings.flatMap((secret) => [secret, JSON.stringify(secret).slice(1, -1)]))].filter(
    (secret) => secret.length >= minLength,
  );
  const finds = (value: string): boolean => {
    for (const secrets of [fixed, added]) for (const secret of secrets) if (value.includes(secret)) return true;
    return found?.test(value) ?? false;
  };

  const text = (value: string): string => {
    let clean = value;
    for (const secrets of [fixed, added]) for (const secret of secrets) if (clean.includes(secret)) clean = clean.replaceAll(secret, mask);
    return allFound ? clean.replace(allFound, mask) : clean;
  };

  const redact = (value: unknown, depth: number): unknown => {
    if (typeof value === 'string') return text(value);
    if (typeof value !== 'object' || value === null) return value;
    if (depth >= maxDepth) return '[cut]';
    if (value instanceof Error) {
      const { name, message, stack, cause } = value;
      const code = (value as { code?: unknown }).code;
      return {
        name,
        ...(code !== undefined && { code: redact(code, depth + 1) }),
        message: text(message),
        ...(stack && { stack: text(stack) }),
        ...(cause !== undefined && { cause: redact(cause, depth + 1) }),
      };
    }
    if (Array.isArray(value)) return value.map((part) => redact(part, depth + 1));
    return Object.fromEntries(Object.entries(value).map(([key, part]) => [text(key), redact(part, depth + 1)]));
  };

  const redactor: Redactor = {
    add(secret) {
      if (secret.length < minLength || fixed.includes(secret) || added.includes(secret)) return;
      added.push(secret);
      if (added.length > maxAdded) added.shift();
    },
    finds,
    text,
    value: (value) => redact(value, 0),
    with(secrets) {
      if (secrets.length === 0) return redactor;
      const own = createRedactor(secrets);
      return {
        ...redactor,
        finds: (value) => redactor.finds(value) || own.finds(value),
        text: (value) => own.text(redactor.text(value)),
        value: (value) => own.value(redactor.value(value)),
      };
    },
  };
  return redactor;
}

/**
 * Creates a logger for one connection. It redacts the connection's secrets and adds the ids to every line. The ids are the host's own and
 * stay: a vendor chooses its tokens, and a token that is a word of the line would hide whose line it is.
 */
export function redactingLogger(log: Logger, redactor: Redactor, ids: object): Logger {
  if (log === silentLogger) return log;
  return new RedactingLogger(log, redactor, ids);
}

/** A class, because every call has such a logger and few calls use it: docs/decisions/0011-lazy-allocation.md. */
class RedactingLogger implements Logger {
  readonly #log: Logger;
  readonly #redactor: Redactor;
  readonly #ids: object;

  constructor(log: Logger, redactor: Redactor, ids: object) {
    this.#log = log;
    this.#redactor = redactor;
    this.#ids = ids;
  }

  debug(fields: object, message: string): void {
    this.#write('debug', fields, message);
  }

  info(fields: object, message: string): void {
    this.#write('info', fields, message);
  }

  warn(fields: object, message: string): void {
    this.#write('warn', fields, message);
  }

  error(fields: object, message: string): void {
    this.#write('error', fields, message);
  }

  #write(level: keyof Logger, fields: object, message: string): void {
    this.#log[level]({ ...(this.#redactor.value(fields) as object), ...this.#ids }, this.#redactor.text(message));
  }
}
