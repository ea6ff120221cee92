import type { Answer } from '../content.ts';

/** All text of an answer, one part a line: what a model reads. Other parts are named by their type, such as `[image]`. */
export function answerText({ content }: Answer): string {
  return content.map((part) => (part.type === 'text' ? part.text : `[${part.type}]`)).join('\n');
}
