import { ToolError } from '../errors.ts';

/** Something stored: JSON text, so that nothing is shared with whoever wrote or will read it. */
export interface Stored {
  readonly json: string;
  /** What it takes, in bytes. */
  readonly size: number;
  /** Grows with every write of the store and never starts again, so that a version or a position is good for one thing alone. */
  readonly serial: number;
}

/** A stored entry of a log. */
export interface StoredEntry extends Stored {
  readonly key: string | undefined;
}

/** What one scope holds: values by key, and logs by name, each in the order of appending. */
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

/** The shelves of a store and their limits. */
export interface Scopes {
  readonly limits: ScopeLimits;
  /** A scope's shelf, or undefined where it holds nothing. */
  find(scope: string): Scope | undefined;
  /** Makes something to store. @throws {ToolError} STATE_FULL where it is too large. */
  pack(name: string, json: string): Stored;
  /** Runs `change`, which adds `bytes` in sum. @throws {ToolError} STATE_FULL, before anything has changed. */
  change(scope: string, bytes: number, change: (shelf: Scope) => void): void;
}

/** Makes the shelves of one store. An empty one takes no room. */
export function memoryScopes(limits: ScopeLimits): Scopes {
  const shelves = new Map<string, Scope>();
  const encoder = new TextEncoder();
  let serial = 0;
  let total = 0;
  return {
    limits,
    find: (scope) => shelves.get(scope),
    pack(name, json) {
      const size = encoder.encode(name).length + encoder.encode(json).length;
      if (size > limits.maxValueBytes) throw stateFull(`One value takes ${size} bytes, and ${limits.maxValueBytes} is the most.`);
      serial += 1;
      return { json, size, serial };
    },
    change(scope, bytes, change) {
      const shelf = shelves.get(scope) ?? { values: new Map(), logs: new Map() };
      if (bytes > 0 && total + bytes > limits.maxBytes) throw stateFull('The store of this server holds as much as it may.');
      if (bytes > 0 && !shelves.has(scope) && shelves.size >= limits.maxScopes)
        throw stateFull('This server holds state for as many connections as it may.');
      change(shelf);
      total += bytes;
      if (shelf.values.size + shelf.logs.size > 0) shelves.set(scope, shelf);
      else shelves.delete(scope);
    },
  };
}

/** The refusal of a store at a limit. */
export function stateFull(reason: string): ToolError {
  return new ToolError('STATE_FULL', `Nothing was stored: ${reason} Try again once the connection’s job has delivered what waits.`);
}
