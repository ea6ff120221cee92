import { createCatalog, type CatalogEntry } from '../../catalog/catalog.ts';
import type { Connector } from '../../connector/connector.ts';
import { tokenCounter } from './token-counter.ts';

/** A tool as a model sees it, with its cost in tokens. */
export interface CatalogueTool {
  readonly name: string;
  readonly effect: string;
  readonly toolsets: readonly string[];
  /** The number of tokens that a model receives for the tool: name, description and input schema. */
  readonly tokens: number;
  /** The number of tokens in everything that `tools/list` sends, including the output schema. */
  readonly wireTokens: number;
  readonly description: string;
  readonly inputSchema: object;
  readonly outputSchema?: object | undefined;
}

/** A connector's tools as models see them and as the snapshot records them. */
export interface Catalogue {
  readonly medianTokens: number;
  readonly defaultToolsetTokens: number;
  readonly tools: readonly CatalogueTool[];
}

/** Compiles a connector's tools and counts their tokens. */
export async function catalogueOf(connector: Connector): Promise<Catalogue> {
  const countTokens = await tokenCounter();
  const tools = createCatalog([connector]).entries.map((entry) => viewTool(entry, countTokens));
  const sizes = tools.map(({ tokens }) => tokens).sort((a, b) => a - b);
  return {
    medianTokens: sizes[Math.floor(sizes.length / 2)] ?? 0,
    defaultToolsetTokens: tools.reduce((sum, { tokens, toolsets }) => sum + (toolsets.includes('default') ? tokens : 0), 0),
    tools,
  };
}

function viewTool(
  { name, effect, toolsets, description, inputSchema, outputSchema }: CatalogEntry,
  count: (text: string) => number,
): CatalogueTool {
  const shown = { name, description, inputSchema };
  return {
    name,
    effect,
    toolsets,
    tokens: count(JSON.stringify(shown)),
    wireTokens: count(JSON.stringify({ ...shown, outputSchema })),
    description,
    inputSchema,
    ...(outputSchema && { outputSchema }),
  };
}
