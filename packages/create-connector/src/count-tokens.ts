import { countTokens as count } from 'gpt-tokenizer/encoding/o200k_base';

interface CatalogueTool {
  readonly name: string;
  readonly tokens: number;
  readonly description: string;
  readonly inputSchema: object;
  readonly outputSchema?: object;
}

/**
 * Recounts the tokens in a catalogue snapshot. Every tool contains the connector's name, so renaming the connector changes the counts.
 * Counts in the same way as `testConnector`, which checks every snapshot. All tools of the template are in the default toolset.
 */
export function countTokens(snapshot: string): string {
  const catalogue = JSON.parse(snapshot) as { readonly tools: readonly CatalogueTool[] };
  const tools = catalogue.tools.map((tool) => {
    const { name, description, inputSchema, outputSchema } = tool;
    const modelView = { name, description, inputSchema };
    return { ...tool, tokens: count(JSON.stringify(modelView)), wireTokens: count(JSON.stringify({ ...modelView, outputSchema })) };
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
