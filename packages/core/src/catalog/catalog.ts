import type { Connector } from '../connector/connector.ts';
import { canonicalJson, digest } from '../lib/digest.ts';
import { portableSchema } from './portable-schema.ts';
import type { ObjectSchema } from './wire-schema.ts';
import type { Principal } from '../principal.ts';
import { checkConnectors } from './registration.ts';
import type { AnyTool, Effect } from '../connector/tool.ts';
import { withoutSecrets, type WithoutSecrets } from './without-secrets.ts';
import { validateInput, type ValidatedInput } from './validate-input.ts';

/** One tool as it is offered: checked at registration and compiled once, so that no request converts a schema. */
export interface CatalogEntry {
  readonly name: string;
  readonly description: string;
  readonly effect: Effect;
  readonly connector: string;
  readonly toolsets: readonly string[];
  /** Portable JSON Schema of the arguments, as model vendors accept it. */
  readonly inputSchema: ObjectSchema;
  /** Portable JSON Schema of the structured output. */
  readonly outputSchema?: ObjectSchema | undefined;
  /** Arguments without what the input's schema marks as secret. */
  readonly withoutSecrets: WithoutSecrets;
  /** A hash of what the tool says of itself: name, description, schemas. */
  readonly version: string;
  readonly tool: AnyTool<unknown>;
}

/** All tools of a host, in the order of its connectors and of their tools. The order and the entries never change. */
export interface Catalog {
  readonly entries: readonly CatalogEntry[];
  /** The tool of that name, if there is one that the principal may use. */
  find(name: string, principal: Principal): CatalogEntry | undefined;
  /** Whether there is a tool of that name, for whomever. */
  has(name: string): boolean;
  /** The tools that a principal may use: those of its toolsets. The same array every time. */
  forPrincipal(principal: Principal): readonly CatalogEntry[];
  /** See {@link validateInput}. */
  validateInput(entry: CatalogEntry, args: unknown): ValidatedInput;
}

// Combinations of toolsets that are remembered. Only those that tools have count, so callers cannot make them up.
const maxCombinations = 1_000;

const connectionProperty = {
  type: 'string',
  description: 'The name of the connection to use, where there are several. Without it the default one is used.',
} as const;

/**
 * Checks the connectors and compiles their tools.
 *
 * @throws {TypeError} listing everything that is wrong with the connectors.
 */
export function createCatalog(connectors: readonly Connector[]): Catalog {
  checkConnectors(connectors);
  const entries = connectors.flatMap((connector) => connector.tools.map((tool) => compile(connector, tool)));
  const byName = new Map(entries.map((entry) => [entry.name, entry]));
  const toolsets = [...new Set(entries.flatMap((entry) => entry.toolsets))].sort();
  const combinations = new Map<string, readonly CatalogEntry[]>();
  // A principal that is remembered brings the same array with each request.
  const lists = new WeakMap<readonly string[], readonly CatalogEntry[]>();
  return {
    entries,
    find(name, principal) {
      const entry = byName.get(name);
      return entry && isAllowed(entry, principal.toolsets) ? entry : undefined;
    },
    has: (name) => byName.has(name),
    forPrincipal({ toolsets: chosen }) {
      if (!chosen) return entries;
      const known = lists.get(chosen);
      if (known) return known;
      const allowed = new Set(chosen);
      const key = JSON.stringify(toolsets.filter((name) => allowed.has(name)));
      let list = combinations.get(key);
      if (!list) {
        list = entries.filter((entry) => isAllowed(entry, chosen));
        for (const oldest of combinations.keys()) {
          if (combinations.size < maxCombinations) break;
          combinations.delete(oldest);
        }
        combinations.set(key, list);
      }
      lists.set(chosen, list);
      return list;
    },
    validateInput,
  };
}

function isAllowed(entry: CatalogEntry, toolsets: readonly string[] | undefined): boolean {
  return !toolsets || entry.toolsets.some((name) => toolsets.includes(name));
}

function compile(connector: Connector, tool: AnyTool<unknown>): CatalogEntry {
  const { name, description } = tool;
  const input = portableSchema(tool.input, 'input').jsonSchema;
  const inputSchema =
    connector.connections === 'many'
      ? { ...input, properties: { ...(input['properties'] as object), connection: connectionProperty } }
      : input;
  const outputSchema = tool.output && portableSchema(tool.output, 'output').jsonSchema;
  let version: string | undefined;
  return Object.freeze({
    name,
    description,
    effect: tool.effect,
    connector: connector.id,
    toolsets: tool.toolsets ?? ['default'],
    inputSchema,
    outputSchema,
    // Only caches ask for it, and hashing all of the schemas is a good part of a start.
    get version() {
      return (version ??= digest(canonicalJson([name, description, inputSchema, outputSchema])));
    },
    withoutSecrets: withoutSecrets(tool.input),
    tool,
  });
}
