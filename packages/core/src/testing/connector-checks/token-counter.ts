/**
 * Returns a function that counts the tokens of a string as OpenAI's current models do (o200k). Other vendors' counts are similar.
 *
 * @throws {Error} if gpt-tokenizer is not installed: only tests need it.
 */
export async function tokenCounter(): Promise<(text: string) => number> {
  const { countTokens } = await import('gpt-tokenizer/encoding/o200k_base').catch((cause: unknown) => {
    throw new Error('To count the tokens of tools: npm install --save-dev gpt-tokenizer', { cause });
  });
  return countTokens;
}
