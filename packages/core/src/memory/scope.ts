import { ToolError } from '../errors.ts';

/** A stored value, kept as JSON text so that writers and readers share no objects. */
export interface Stored {
  readonly json: string;
  /** Its size, in bytes. */
  readonly size: number;
  /** Increases with every write and is never reused, so that it identifies one version or position. */
  readonly serial: number;
}

/** A stored entry of a log. */
export interface StoredEntry extends Stored {
  readonly key: string | undefined;
}

/** The content of one scope: values by key, and logs by name. The entries of a log are in the order in which they were appended. */
export interface Scope {
  readonly values: Map<string, Stored>;
  readonly logs: Map<string, Map<string, StoredEntry>>;
}

/** The limits of a store. */
export interface ScopeLimits {
  readonly maxKeys: number;
  readonly maxValueBytes: number;
  readonly maxScopes: number;
  readonly maxBytes: number;
}

/** The scopes of a store and their limits. */
export interface Scopes {
  readonly limits: ScopeLimits;
  /** Returns a scope's content, or undefined if it is empty. */
  find(scope: string): Scope | undefined;
  /** Prepares a value for storage. @throws {ToolError} STATE_FULL if it is too large. */
  pack(name: string, json: string): Stored;
  /** Runs `change`, which changes the size of the scope by `bytes`. @throws {ToolError} STATE_FULL before any change. */
  change(scope: string, bytes: number, change: (content: Scope) => void): void;
}

/** Creates the scopes of one store. Empty scopes take no memory. */
export function memoryScopes(limits: ScopeLimits): Scopes {
  const scopes = new Map<string, Scope>();
  const encoder = new TextEncoder();
  let serial = 0;
  let total = 0;
  return {
    limits,
    find: (scope) => scopes.get(scope),
    pack(name, json) {
      const size = encoder.encode(name).length + encoder.encode(json).length;
      if (size > limits.maxValueBytes) throw stateFull(`One value takes ${size} bytes, and ${limits.maxValueBytes} is the most.`);
      serial += 1;
      return { json, size, serial };
    },
    change(scope, bytes, change) {
      const content = scopes.get(scope) ?? { values: new Map(), logs: new Map() };
      if (bytes > 0 && total + bytes > limits.maxBytes) throw stateFull('The store of this server is full.');
      if (bytes > 0 && !scopes.has(scope) && scopes.size >= limits.maxScopes)
        throw stateFull('This server holds state for the most connections that it may.');
      change(content);
      total += bytes;
      if (content.values.size + content.logs.size > 0) scopes.set(scope, content);
      else scopes.delete(scope);
    },
  };
}

/** Returns the error for a store that has reached one of its limits. */
export function stateFull(reason: string): ToolError {
  return new ToolError(
    'STATE_FULL',
    `Nothing was stored: ${reason} Try again once the connection’s job has delivered the waiting entries.`,
  );
}
