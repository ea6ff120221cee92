import { z } from 'zod';
import { systemClock, silentLogger, localPrincipal, ToolError, type Host, type HostOptions, type CatalogEntry } from '../../src/index.ts';
import { openResult } from '../../src/tool.ts';
import { createCallContext } from '../../src/call-context.ts';
import { AskSignal } from '../../src/middleware/active-call.ts';
import { createTally } from '../../src/upstream/tally.ts';
import { errorAnswer, maskError } from '../../src/middleware/error-answer.ts';

export function createHost(options: HostOptions): Host {
  const json = (schema: any) => (schema instanceof z.ZodType ? z.toJSONSchema(schema) : schema.jsonSchema);
  const entries: CatalogEntry[] = options.connectors.flatMap((c) =>
    c.tools.map((tool) => ({
      name: tool.name,
      description: tool.description,
      effect: tool.effect,
      connector: c.id,
      toolsets: ['default'],
      inputSchema: json(tool.input),
      outputSchema: tool.output && json(tool.output),
      tool,
    })),
  );
  const log = options.log ?? silentLogger;
  return {
    info: options.info ?? { name: 'busbar', version: '0.0.0' },
    clock: options.clock ?? systemClock,
    log,
    observer: options.observer ?? {},
    authenticates: !!options.authenticate,
    authenticate: async (c) => (options.authenticate ? options.authenticate(c) : localPrincipal),
    limit: async (p) => options.rateLimit?.take(p.id),
    tools: () => entries,
    async call(request) {
      const entry = entries.find((e) => e.name === request.tool);
      if (!entry) throw new ToolError('TOOL_NOT_FOUND', `There is no tool ${request.tool}. List the tools.`);
      const callId = crypto.randomUUID();
      try {
        const parsed = (entry.tool.input as any).safeParse
          ? (entry.tool.input as any).strict().safeParse(request.arguments)
          : { success: true, data: (entry.tool.input as any).parse(request.arguments) };
        if (!parsed.success) throw new ToolError('INVALID_INPUT', z.prettifyError(parsed.error));
        const context = createCallContext(
          {
            request,
            entry,
            call: {
              callId,
              principal: request.principal,
              connector: entry.connector,
              connection: 'c',
              tool: entry.name,
              effect: entry.effect,
              key: request.idempotencyKey,
              inputHash: '',
              startedAt: 0,
            },
            input: parsed.data,
            open: undefined as any,
            tally: createTally(false),
            signal: request.signal,
            deadlineAt: 0,
            log,
            warnings: [],
            status: 'refused',
          } as any,
          'x'.repeat(32),
        );
        const out = openResult(await entry.tool.run(parsed.data, {}, context));
        return {
          kind: 'answer',
          answer: {
            content: out.content ?? [{ type: 'text', text: JSON.stringify(out.output) }],
            structuredContent: out.output,
            meta: out.meta,
          },
        };
      } catch (error) {
        if (error instanceof AskSignal) return { kind: 'ask', id: error.id, message: error.question, schema: error.schema };
        return { kind: 'answer', answer: errorAnswer(maskError(error, callId, log), callId) };
      }
    },
    webhook: async () => {
      throw new ToolError('NOT_FOUND', 'no');
    },
    check: async () => ({ account: '' }),
    start() {},
    close: async () => {},
  };
}
