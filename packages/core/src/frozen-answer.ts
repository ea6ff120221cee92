import type { Answer } from './content.ts';

/** Reads an answer from its JSON. Frozen through and through, since callers share it. */
export function frozenAnswer(json: string): Answer {
  return JSON.parse(json, (_key, part: unknown) => Object.freeze(part)) as Answer;
}
