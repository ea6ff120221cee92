import { onTestFinished } from 'vitest';
import { z } from 'zod';
import {
  createHost,
  defineConnector,
  localPrincipal,
  memoryMetering,
  type Answer,
  type CallContext,
  type CallRequest,
  type HostOptions,
  type Outcome,
} from '../../src/index.ts';

/** The body of the read. */
export type Run = (context: CallContext, text: string) => Promise<string>;

/** A host with a read that is cached for a second, and the outcomes of its calls. */
export function cachedReadHost(
  run: Run,
  { description = 'Reads from the notes.', ...options }: Partial<HostOptions> & { readonly description?: string } = {},
) {
  const output = z.object({ said: z.string() });
  const notes = defineConnector({
    spec: 'v1',
    id: 'notes',
    config: z.object({}),
    open: () => ({}),
    tools: (tool) => [
      tool({
        name: 'notes_read_text',
        description,
        effect: 'read',
        cache: { ttlMs: 1_000 },
        input: z.object({ text: z.string().default('').describe('Anything') }),
        output,
        run: async ({ text }, _, context) => ({ said: await run(context, text) }),
      }),
    ],
  });
  const settled: Outcome[] = [];
  const metering = memoryMetering({ record: (_, outcome) => void (typeof outcome === 'object' && settled.push(outcome)) });
  const host = createHost({ connectors: [notes], metering, ...options });
  onTestFinished(() => host.close(0));
  const result = (text: string, extra: Partial<CallRequest> = {}) =>
    host.call({
      principal: localPrincipal,
      tool: 'notes_read_text',
      arguments: { text },
      signal: new AbortController().signal,
      ...extra,
    });
  const read = async (text: string, extra: Partial<CallRequest> = {}): Promise<Answer> => {
    const ended = await result(text, extra);
    if (ended.kind === 'ask') throw new Error('asked');
    return ended.answer;
  };
  return { read, result, settled, statuses: () => settled.map(({ status }) => status) };
}

/** Returns the field `said` of the answer's structured content. */
export const said = ({ structuredContent }: Answer): string | undefined => (structuredContent as { said?: string } | undefined)?.said;
