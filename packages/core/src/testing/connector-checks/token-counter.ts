/**
 * Counts the tokens of a text as OpenAI's present models do (o200k); other vendors' counts are near it.
 *
 * @throws {Error} where gpt-tokenizer is not installed: only tests need it.
 */
export async function tokenCounter(): Promise<(text: string) => number> {
  const { countTokens } = await import('gpt-tokenizer/encoding/o200k_base').catch((cause: unknown) => {
    throw new Error('To count what tools cost a model: npm install --save-dev gpt-tokenizer', { cause });
  });
  return countTokens;
}
