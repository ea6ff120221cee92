import { countTokens as count } from 'gpt-tokenizer/encoding/o200k_base';

interface CatalogueTool {
  readonly name: string;
  readonly tokens: number;
  readonly description: string;
  readonly inputSchema: object;
  readonly outputSchema?: object;
}

/**
 * Counts anew what the tools of a catalogue's snapshot cost a model: a connector's name is in all of them, so another name costs something
 * else. The same count as in the snapshots of `testConnector`, which holds every connector to it. All tools of the template are in the
 * default toolset.
 */
export function countTokens(snapshot: string): string {
  const catalogue = JSON.parse(snapshot) as { readonly tools: readonly CatalogueTool[] };
  const tools = catalogue.tools.map((tool) => {
    const { name, description, inputSchema, outputSchema } = tool;
    const seen = { name, description, inputSchema };
    return { ...tool, tokens: count(JSON.stringify(seen)), wireTokens: count(JSON.stringify({ ...seen, outputSchema })) };
  });
  const sizes = tools.map(({ tokens }) => tokens).sort((a, b) => a - b);
  return `${JSON.stringify(
    {
      medianTokens: sizes[Math.floor(sizes.length / 2)],
      defaultToolsetTokens: sizes.reduce((sum, tokens) => sum + tokens, 0),
      tools,
    },
    undefined,
    2,
  )}\n`;
}
