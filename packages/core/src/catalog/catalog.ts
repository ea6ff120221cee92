import type { Connector } from '../connector/connector.ts';
import type { AnyTool, Effect } from '../connector/tool.ts';
import { canonicalJson, digest } from '../lib/digest.ts';
import type { Principal } from '../principal.ts';
import { portableSchema } from './portable-schema.ts';
import { checkConnectors } from './registration.ts';
import { validateInput, type ValidatedInput } from './validate-input.ts';
import type { ObjectSchema } from './wire-schema.ts';
import { withoutSecrets, type WithoutSecrets } from './without-secrets.ts';

/** A tool as clients see it. It is checked and compiled once, at registration, so that no request converts a schema. */
export interface CatalogEntry {
  readonly name: string;
  readonly description: string;
  readonly effect: Effect;
  /** Whether a second equal call has no further effect at the vendor. True of all reads. */
  readonly idempotent: boolean;
  /** Whether the tool may reach a vendor. */
  readonly openWorld: boolean;
  readonly connector: string;
  readonly toolsets: readonly string[];
  /** The JSON Schema of the arguments, in the portable form that model vendors accept. */
  readonly inputSchema: ObjectSchema;
  /** The JSON Schema of the structured output, in the same portable form. */
  readonly outputSchema?: ObjectSchema | undefined;
  /** Redacts the arguments that the input's schema marks as secret. */
  readonly withoutSecrets: WithoutSecrets;
  /** A hash of the tool's name, description and schemas. */
  readonly version: string;
  readonly tool: AnyTool<unknown>;
}

/** All tools of a host, in the order of its connectors and of their tools. The order and the entries never change. */
export interface Catalog {
  readonly entries: readonly CatalogEntry[];
  /** Returns the tool with this name, if the principal may use it. */
  find(name: string, principal: Principal): CatalogEntry | undefined;
  /** Whether any tool has this name, even if no principal may use it. */
  has(name: string): boolean;
  /** Returns the tools in the principal's toolsets. The same toolsets always yield the same array. */
  forPrincipal(principal: Principal): readonly CatalogEntry[];
  /** See {@link validateInput}. */
  validateInput(entry: CatalogEntry, args: unknown): ValidatedInput;
}

// The catalog keeps at most this many lists, one for each combination of toolsets. Toolsets that no tool has do not count, so callers
// cannot invent combinations.
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
  // Finds a list without building its key if a cached principal passes the same array again.
  const lists = new WeakMap<readonly string[], readonly CatalogEntry[]>();
  return {
    entries,
    find(name, principal) {
      const entry = byName.get(name);
      return entry && isAllowed(entry, principal.toolsets) ? entry : undefined;
    },
    has: (name) => byName.has(name),
    forPrincipal({ toolsets: own }) {
      if (!own) return entries;
      const known = lists.get(own);
      if (known) return known;
      const allowed = new Set(own);
      const key = JSON.stringify(toolsets.filter((name) => allowed.has(name)));
      let list = combinations.get(key);
      if (!list) {
        list = entries.filter((entry) => isAllowed(entry, own));
        for (const oldest of combinations.keys()) {
          if (combinations.size < maxCombinations) break;
          combinations.delete(oldest);
        }
        combinations.set(key, list);
      }
      lists.set(own, list);
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
    // An idempotency key makes any write repeatable, which a hint cannot express.
    idempotent: tool.effect === 'read' || tool.idempotent === true,
    openWorld: connector.origins !== undefined,
    connector: connector.id,
    toolsets: tool.toolsets ?? ['default'],
    inputSchema,
    outputSchema,
    // Lazy, because only caches need it, and hashing all schemas takes a large part of the start.
    get version() {
      return (version ??= digest(canonicalJson([name, description, inputSchema, outputSchema])));
    },
    withoutSecrets: withoutSecrets(tool.input),
    tool,
  });
}
