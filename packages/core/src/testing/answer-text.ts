import type { Answer } from '../content.ts';

/**
 * Returns the text of an answer as a model reads it, one line for each part. Parts other than text appear as their type, such as `[image]`.
 */
export function answerText({ content }: Answer): string {
  return content.map((part) => (part.type === 'text' ? part.text : `[${part.type}]`)).join('\n');
}
