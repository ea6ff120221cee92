import type { Answer } from './content.ts';

/** An answer that remembers its JSON: the ledger counts its bytes, a cache may keep it, and a transport writes it. */
export class ShownAnswer implements Answer {
  readonly content: Answer['content'];
  readonly structuredContent: unknown;
  readonly isError: undefined;
  readonly meta: Answer['meta'];
  #json: string | undefined;

  constructor(content: Answer['content'], structuredContent: unknown, meta: Answer['meta']) {
    this.content = content;
    this.structuredContent = structuredContent;
    this.meta = meta;
  }

  json(): string {
    return (this.#json ??= JSON.stringify(this));
  }
}

/** The JSON of an answer, made once where the host made the answer. An answer is not changed once it is made. */
export function answerJson(answer: Answer): string {
  return answer instanceof ShownAnswer ? answer.json() : JSON.stringify(answer);
}
