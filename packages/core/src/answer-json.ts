import type { Answer } from './content.ts';

/** An answer that keeps its JSON text, because the ledger, caches and transports all need it. */
export class SerializedAnswer implements Answer {
  readonly content: Answer['content'];
  readonly structuredContent: unknown;
  readonly isError: undefined;
  readonly meta: Answer['meta'];
  readonly #structuredJson: string;
  #json: string | undefined;

  /** @param structuredJson The JSON of the structured content; empty if there is none. */
  constructor(content: Answer['content'], structuredContent: unknown, meta: Answer['meta'], structuredJson: string) {
    this.content = content;
    this.structuredContent = structuredContent;
    this.meta = meta;
    this.#structuredJson = structuredJson;
  }

  json(): string {
    return (this.#json ??= this.#write());
  }

  /** Equals the output of `JSON.stringify`. */
  #write(): string {
    const structured = this.#structuredJson === '' ? '' : `,"structuredContent":${this.#structuredJson}`;
    const meta = this.meta === undefined ? '' : `,"meta":${JSON.stringify(this.meta)}`;
    return `{"content":${JSON.stringify(this.content)}${structured}${meta}}`;
  }
}

/** Returns the JSON of an answer. Answers that the host creates are serialized once and never change afterwards. */
export function answerJson(answer: Answer): string {
  return answer instanceof SerializedAnswer ? answer.json() : JSON.stringify(answer);
}

/** Parses an answer and freezes it deeply, because callers share it. */
export function frozenAnswer(json: string): Answer {
  return JSON.parse(json, (_key, part: unknown) => Object.freeze(part)) as Answer;
}
