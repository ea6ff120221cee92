import type { Answer } from './content.ts';

/** An answer that remembers its JSON: the ledger counts its bytes, a cache may keep it, and a transport writes it. */
export class ShownAnswer implements Answer {
  readonly content: Answer['content'];
  readonly structuredContent: unknown;
  readonly isError: undefined;
  readonly meta: Answer['meta'];
  readonly #structuredJson: string;
  #json: string | undefined;

  /** @param structuredJson The JSON of the structured content. Empty where there is none. */
  constructor(content: Answer['content'], structuredContent: unknown, meta: Answer['meta'], structuredJson: string) {
    this.content = content;
    this.structuredContent = structuredContent;
    this.meta = meta;
    this.#structuredJson = structuredJson;
  }

  json(): string {
    return (this.#json ??= this.#write());
  }

  /** What `JSON.stringify` would write. */
  #write(): string {
    const structured = this.#structuredJson === '' ? '' : `,"structuredContent":${this.#structuredJson}`;
    const meta = this.meta === undefined ? '' : `,"meta":${JSON.stringify(this.meta)}`;
    return `{"content":${JSON.stringify(this.content)}${structured}${meta}}`;
  }
}

/** The JSON of an answer, made once where the host made the answer. An answer is not changed once it is made. */
export function answerJson(answer: Answer): string {
  return answer instanceof ShownAnswer ? answer.json() : JSON.stringify(answer);
}

/** Reads an answer from its JSON. Frozen through and through, since callers share it. */
export function frozenAnswer(json: string): Answer {
  return JSON.parse(json, (_key, part: unknown) => Object.freeze(part)) as Answer;
}
