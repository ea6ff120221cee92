import { silentLogger, type Logger } from '../logger.ts';

/** Takes a connection's secrets out of whatever leaves it: log lines, errors, answers. */
export interface Redactor {
  /** From now on this is secret too: a token that was just issued. The last 50 are kept beside the settings' own. */
  add(secret: string): void;
  /** One that knows these secrets too, for a call that was given some. */
  with(secrets: readonly string[]): Redactor;
  /** True where the text, or JSON, holds a secret. */
  finds(text: string): boolean;
  text(text: string): string;
  /** A copy of any value with secrets taken out of its strings. Deeper than 8 levels, it is cut. */
  value(value: unknown): unknown;
}

const mask = '[redacted]';
const maxDepth = 8;
const maxAdded = 50;
// Shorter ones would be found in ordinary words.
const minLength = 4;

export function createRedactor(settings: readonly string[]): Redactor {
  const added: string[] = [];
  // As they are, and as they stand in JSON: a private key has line feeds.
  const fixed = [...new Set(settings.flatMap((secret) => [secret, JSON.stringify(secret).slice(1, -1)]))].filter(
    (secret) => secret.length >= minLength,
  );
  const finds = (value: string): boolean => {
    for (const secrets of [fixed, added]) for (const secret of secrets) if (value.includes(secret)) return true;
    return false;
  };

  const text = (value: string): string => {
    let clean = value;
    for (const secrets of [fixed, added]) for (const secret of secrets) if (clean.includes(secret)) clean = clean.replaceAll(secret, mask);
    return clean;
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
    return Object.fromEntries(Object.entries(value).map(([key, part]) => [key, redact(part, depth + 1)]));
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

/** A logger for work on one connection: its ids on every line, its secrets on none. */
export function redactingLogger(log: Logger, redactor: Redactor, ids: object): Logger {
  if (log === silentLogger) return log;
  return new RedactingLogger(log, redactor, ids);
}

/** A class, since every call has one and hardly any uses it. */
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
    this.#log[level](this.#redactor.value({ ...fields, ...this.#ids }) as object, this.#redactor.text(message));
  }
}
