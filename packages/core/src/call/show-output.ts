import { SerializedAnswer } from '../answer-json.ts';
import type { CatalogEntry } from '../catalog/catalog.ts';
import { compiledSchema } from '../catalog/compiled-schema.ts';
import { textStart } from '../connector/truncate.ts';
import { openResult, type OpenedResult } from '../connector/tool.ts';
import { isPlainText, type Answer, type Content } from '../content.ts';
import { ToolError } from '../errors.ts';
import { findNotFinite } from '../lib/not-finite.ts';
import type { Redactor } from '../lib/redactor.ts';
import { wellFormedJson, wellFormedValue } from '../lib/well-formed.ts';
import { wroteOf } from '../upstream/upstream-scope.ts';
import type { ActiveCall } from './active-call.ts';

// A UTF-16 unit takes at most three bytes in UTF-8, and six if JSON escapes it.
const maxBytesPerUnit = 3;
const maxBytesInJson = 6;

/** An answer and, for an accepted call, the id with which a job later reports how the call ended. */
export interface ToolAnswer {
  readonly answer: Answer;
  readonly accepted?: string | undefined;
}

/**
 * Turns the return value of a tool into its answer. Validates the output, bounds its size, replaces half characters and redacts secrets.
 * After a write, an output that is invalid or too large becomes a message saying that the work is done, because a plain failure would
 * invite a retry.
 *
 * @throws {ToolError} RESULT_TOO_LARGE for a read. @throws the validation error of a read's output, which is the connector's fault.
 */
export function showOutput(active: ActiveCall, returned: unknown, maxBytes: number): ToolAnswer {
  const result = openResult(returned);
  const { accepted } = result;
  const wrote = active.entry.effect !== 'read' && (wroteOf(active.upstream) !== 'no' || accepted !== undefined);
  const parsed = parseOutput(active.entry, result);
  if (!parsed.ok && !wrote) throw parsed.error;
  if (!parsed.ok) {
    active.log.error({ err: parsed.error }, 'the output of a write does not fit its schema');
    return {
      answer: doneWithoutOutput('its result does not have the declared form', excerptOf(result.output), maxBytes),
      accepted,
    };
  }
  const { json } = parsed;
  const text = wellFormedJson(json);
  const structured: unknown = text === json ? parsed.value : JSON.parse(text);
  const meta = result.meta && wellFormedValue(result.meta);
  const own = result.content && wellFormedContent(result.content);
  const content: readonly Content[] = own ?? (text === '' ? [] : [{ type: 'text', text }]);
  const size = sizeAbove(maxBytes, text, own);
  if (size !== undefined) {
    if (!wrote)
      throw new ToolError(
        'RESULT_TOO_LARGE',
        `The result has ${size} bytes; at most ${maxBytes} may be returned. Ask for less: a narrower filter, fewer fields, or a smaller page.`,
      );
    return { answer: doneWithoutOutput(`its result is too large to show in full (${size} bytes)`, text, maxBytes), accepted };
  }
  const { warnings } = active;
  const parts =
    warnings.length === 0 ? content : [...content, ...warnings.map((warning): Content => ({ type: 'text', text: `Warning: ${warning}` }))];
  return { answer: redacted(active, new SerializedAnswer(parts, structured, meta, text), text), accepted };
}

type ParsedOutput = { readonly ok: true; readonly value: unknown; readonly json: string } | { readonly ok: false; readonly error: unknown };

function parseOutput({ name, connector, tool: { output: schema } }: CatalogEntry, { output, content }: OpenedResult): ParsedOutput {
  if (!schema)
    return content ? { ok: true, value: undefined, json: '' } : { ok: false, error: new TypeError(withoutSchema(name, connector)) };
  try {
    const value: unknown = ('jsonSchema' in schema ? schema : compiledSchema(schema)).parse(output);
    const json = toJson(value);
    // JSON has null instead, which would look like an answer of the vendor.
    const lost = json.includes('null') ? findNotFinite(value) : undefined;
    if (lost) throw new TypeError(`${connector}: ${name} returned a number that JSON does not have, at ${lost.join('.')}`);
    return { ok: true, value, json };
  } catch (error) {
    return { ok: false, error };
  }
}

const withoutSchema = (tool: string, connector: string) =>
  `${connector}: ${tool} has no output schema, and returned no content. Write output: z.object({ … }), or return result(undefined, { content: [ … ] })`;

/**
 * Returns an error answer that says the write is done. Clients do not check the structured content of error answers. In other answers they
 * check it against the tool's schema and throw if it does not match. A model would take that exception for a failed write.
 */
function doneWithoutOutput(why: string, text: string, maxBytes: number): Answer {
  const room = Math.min(maxBytes, 16_384);
  const excerpt = text.length > room ? `${textStart(text, room)}… (cut)` : text;
  return {
    content: [
      { type: 'text', text: `The call was carried out, but ${why}. Do not repeat it; read the record if you need it.` },
      ...(excerpt === '' ? [] : [{ type: 'text', text: excerpt } as const]),
    ],
    isError: true,
    meta: { 'busbar/outcome': 'executed' },
  };
}

/** Searches only the strings for secrets, and copies the answer only if one is found. */
function redacted(active: ActiveCall, answer: Answer, text: string): Answer {
  const { redactor } = active;
  let found = redactor.finds(text);
  for (const part of answer.content) found ||= part.type === 'text' && part.text !== text && redactor.finds(part.text);
  return found ? redactParts(answer, redactor) : answer;
}

/** The form of an answer stays, also if a secret is a word of it: a client could not read the answer, and might repeat the write. */
function redactParts({ content, structuredContent, meta }: Answer, redactor: Redactor): Answer {
  return {
    content: content.map((part) =>
      part.type === 'text'
        ? { ...part, text: redactor.text(part.text) }
        : ({ ...(redactor.value(part) as Content), type: part.type } as Content),
    ),
    ...(structuredContent !== undefined && { structuredContent: redactor.value(structuredContent) }),
    ...(meta && { meta: redactor.value(meta) as Answer['meta'] }),
  };
}

/** Returns content without half characters: the same content, if it has none. */
function wellFormedContent(content: readonly Content[]): readonly Content[] {
  return content.every((part) => isPlainText(part) && part.text.isWellFormed()) ? content : wellFormedValue(content);
}

function toJson(value: unknown): string {
  return JSON.stringify(value) ?? '';
}

/** The JSON of an output that does not fit its schema. Empty if it has none: a BigInt has no JSON. */
function excerptOf(output: unknown): string {
  try {
    return wellFormedJson(toJson(output));
  } catch {
    return '';
  }
}

/**
 * Returns the size of the text and the content in UTF-8 bytes if it exceeds `maxBytes`. Counts only if it might, because counting takes
 * longer than a short call.
 */
function sizeAbove(maxBytes: number, text: string, content: readonly Content[] = []): number | undefined {
  let upperBound = text.length * maxBytesPerUnit;
  for (const part of content) upperBound += isPlainText(part) ? part.text.length * maxBytesInJson + 100 : Infinity;
  if (upperBound <= maxBytes) return undefined;
  const encoder = new TextEncoder();
  const size = encoder.encode(text).byteLength + (content.length > 0 ? encoder.encode(toJson(content)).byteLength : 0);
  return size > maxBytes ? size : undefined;
}
