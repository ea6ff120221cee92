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

  static jsonOf(answer: Answer): string {
    return #json in answer ? (answer.#json ??= JSON.stringify(answer)) : JSON.stringify(answer);
  }
}

/** The JSON of an answer, made once where the host made the answer. An answer is not changed once it is made. */
export function answerJson(answer: Answer): string {
  return ShownAnswer.jsonOf(answer);
}
