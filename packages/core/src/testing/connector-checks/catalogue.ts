import { createCatalog, type CatalogEntry } from '../../catalog/catalog.ts';
import type { Connector } from '../../connector/connector.ts';
import { tokenCounter } from './token-counter.ts';

/** A tool as its model sees it, with what it costs. */
export interface CatalogueTool {
  readonly name: string;
  readonly effect: string;
  readonly toolsets: readonly string[];
  /** Of name, description and input schema: what a model receives. */
  readonly tokens: number;
  /** With the output schema: what a list sends over the wire. */
  readonly wireTokens: number;
  readonly description: string;
  readonly inputSchema: object;
  readonly outputSchema?: object | undefined;
}

/** A connector's tools as its models see them: what the snapshot keeps. */
export interface Catalogue {
  readonly medianTokens: number;
  readonly defaultToolsetTokens: number;
  readonly tools: readonly CatalogueTool[];
}

/** Compiles a connector's tools and counts what they cost. */
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
  const seen = { name, description, inputSchema };
  return {
    name,
    effect,
    toolsets,
    tokens: count(JSON.stringify(seen)),
    wireTokens: count(JSON.stringify({ ...seen, outputSchema })),
    description,
    inputSchema,
    ...(outputSchema && { outputSchema }),
  };
}
