/** A part of a tool's answer other than its structured output. `data` is base64. */
export type Content =
  | { readonly type: 'text'; readonly text: string }
  | { readonly type: 'image' | 'audio'; readonly data: string; readonly mimeType: string }
  | {
      readonly type: 'resource_link';
      readonly uri: string;
      readonly name: string;
      readonly description?: string;
      readonly mimeType?: string;
    }
  | {
      readonly type: 'resource';
      readonly resource: { readonly uri: string; readonly mimeType?: string } & ({ readonly text: string } | { readonly blob: string });
    };

/** The answer to a call, whether success or error, in MCP's terms. Metering keeps it for replays. */
export interface Answer {
  readonly content: readonly Content[];
  readonly structuredContent?: unknown;
  readonly isError?: boolean | undefined;
  /** Result metadata (`_meta`). Busbar's own keys start with `busbar/`. */
  readonly meta?: Readonly<Record<string, unknown>> | undefined;
}

/** Whether a part has exactly the keys `type` and `text`, in this order. Connectors in plain JavaScript may return anything. */
export function isPlainText(part: Content): part is Content & { readonly type: 'text' } {
  const [first, second, third] = Object.keys(part);
  return first === 'type' && second === 'text' && third === undefined && part.type === 'text' && typeof part.text === 'string';
}
