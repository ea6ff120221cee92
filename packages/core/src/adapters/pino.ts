import { tracingChannel } from 'node:diagnostics_channel';
import { pino, type DestinationStream, type Logger as Pino } from 'pino';
import { systemClock } from '../clock.ts';

const { symbols } = pino;

/** Options for {@link pinoLogger}. */
export interface PinoLoggerOptions {
  /** The lowest level that is written: `debug`, `info` (the default), `warn`, `error` or `silent`. */
  readonly level?: 'debug' | 'info' | 'warn' | 'error' | 'silent' | undefined;
  /** The destination of the lines. Default: standard output, with each line written at once, so that a crash loses none. */
  readonly destination?: DestinationStream | undefined;
}

// Names of fields that hold secrets. The host has already removed the secrets that it knows from all text. This second safeguard is for
// unexpected fields. It checks names at the top level and one level below.
const secretNames = new Set([
  'authorization',
  'cookie',
  'set-cookie',
  'password',
  'secret',
  'token',
  'accessToken',
  'refreshToken',
  'apiKey',
  'x-api-key',
  'clientSecret',
]);
const mask = '[redacted]';

const serializers = { err: describeError, cause: describeError };
// Fields with these names are never written unchanged.
const specialNames = new Set([...secretNames, ...Object.keys(serializers)]);

// Causes form a chain, which may be circular.
const maxCauses = 5;

/**
 * Creates a pino logger that serves as core's `Logger`. It writes one JSON object per line, with the level as a word and the time as an ISO
 * date. It writes an error under `err` or `cause` as name, code, message, stack and causes. It leaves out other fields that libraries add
 * to their errors, such as requests with their headers.
 */
export function pinoLogger(options: PinoLoggerOptions = {}): Pino {
  const settings = {
    level: options.level ?? 'info',
    base: null,
    timestamp: isoTime(),
    // Pino's own redaction takes several times as long as the rest of the line.
    formatters: { level: (level: string) => ({ level }), log: withoutSecrets },
    serializers,
  };
  const log = options.destination ? pino(settings, options.destination) : pino(settings);
  writePlainLines(log);
  const { child } = log;
  log.child = function (this: Pino, bindings, childOptions) {
    return child.call(this, withoutSecrets(bindings), childOptions);
  } as Pino['child'];
  return log;
}

/** Writes the time as pino does, but formats it once for all lines within a millisecond. */
function isoTime(): () => string {
  let last = { at: 0, text: '' };
  return () => {
    const at = systemClock.now();
    if (at !== last.at) last = { at, text: `,"time":"${new Date(at).toISOString()}"` };
    return last.text;
  };
}

/** The parts of a pino logger that it uses to write a line. */
interface LineState {
  [symbols.asJsonSym](fields: object, message: string | undefined, level: number, time: string): string;
  /** The start of a line, by level. */
  readonly [symbols.lsCacheSym]: Readonly<Record<number, string>>;
  /** The bindings of a child, as JSON. */
  readonly [symbols.chindingsSym]: string;
  readonly [symbols.endSym]: string;
  readonly [symbols.formattersSym]: { readonly log: unknown };
  readonly [symbols.serializersSym]: unknown;
  readonly [symbols.stringifiersSym]: object;
}

const traced = tracingChannel('pino_asJson');

/**
 * Makes a logger and its children serialize a line in one piece if all its fields are plain. Pino serializes field by field, which took 6 %
 * more instructions for a whole call under load, with all features enabled. Pino still writes all other lines, and the lines of children
 * with their own formatters or serializers.
 *
 * @see https://getpino.io/#/docs/api?id=pino-symbols, on methods that are overridden for speed
 */
function writePlainLines(log: Pino): void {
  const state = log as unknown as LineState;
  const pinoLine = state[symbols.asJsonSym];
  const {
    [symbols.formattersSym]: { log: formatter },
    [symbols.serializersSym]: serializers,
    [symbols.stringifiersSym]: stringifiers,
  } = state;

  state[symbols.asJsonSym] = function (this: LineState, fields, message, level, time) {
    const isOurs =
      this[symbols.formattersSym].log === formatter &&
      this[symbols.serializersSym] === serializers &&
      this[symbols.stringifiersSym] === stringifiers;
    if (!isOurs || message === undefined || traced.hasSubscribers || !isPlain(fields))
      return pinoLine.call(this, fields, message, level, time);
    const json = JSON.stringify(fields);
    const rest = json === '{}' ? '' : `,${json.slice(1, -1)}`;
    return `${this[symbols.lsCacheSym][level]}${time}${this[symbols.chindingsSym]}${rest},"msg":${JSON.stringify(message)}${this[symbols.endSym]}`;
  };
}

/** Whether `JSON.stringify` writes these fields as pino would. */
function isPlain(fields: object): boolean {
  if (Object.getPrototypeOf(fields) !== Object.prototype) return false;
  for (const name in fields) {
    const value = (fields as Readonly<Record<string, unknown>>)[name];
    const type = typeof value;
    if (type !== 'string' && type !== 'number' && type !== 'boolean' && type !== 'undefined') return false;
    if (specialNames.has(name)) return false;
  }
  return true;
}

/** Redacts the fields whose names indicate a secret. Returns the fields themselves if there are no such fields, as in nearly all lines. */
function withoutSecrets(fields: Readonly<Record<string, unknown>>, depth = 0): Record<string, unknown> {
  let clean: Record<string, unknown> | undefined;
  for (const name in fields) {
    const value = fields[name];
    const redacted = secretNames.has(name)
      ? mask
      : depth === 0 && isObject(value) && !Object.hasOwn(serializers, name)
        ? withoutSecrets(value, 1)
        : value;
    if (redacted !== value) (clean ??= { ...fields })[name] = redacted;
  }
  return clean ?? fields;
}

const isObject = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null;

function describeError(error: unknown, depth = 0): unknown {
  if (typeof error !== 'object' || error === null) return error;
  if (!isError(error)) return { name: 'NonError', message: 'The thrown object is not an Error. Its content is not logged.' };
  const { code } = error as { code?: unknown };
  return {
    name: error.name,
    ...(typeof code === 'string' || typeof code === 'number' ? { code } : {}),
    message: error.message,
    stack: error.stack,
    ...(error.cause !== undefined && depth < maxCauses ? { cause: describeError(error.cause, depth + 1) } : {}),
  };
}

// An error from another realm, or from another copy of a library, is not an instance of this Error.
const isError = (value: object): value is Error => value instanceof Error || typeof (value as { message?: unknown }).message === 'string';
