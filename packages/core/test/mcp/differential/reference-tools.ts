import { z } from 'zod';
import { defineConnector, result, ToolError, type Content, type ErrorCode } from '../../../src/index.ts';
import { contents, metas, values } from './unusual-answers.ts';

const nothing = z.object({});
const text = z.object({ text: z.string().describe('Any text') });
const kind = z.object({ kind: z.string().describe('Which value') });
// Accepts any value unchanged.
const anything = { jsonSchema: { type: 'object', properties: {}, additionalProperties: true }, parse: (value: unknown) => value };
const said = (...content: readonly Content[]) => result(undefined, { content });

/** A tool for each form of answer. All are deterministic, except for ids that core generates. */
export const reference = defineConnector({
  spec: 'v1',
  id: 'reference',
  config: z.object({}),
  open: () => ({}),
  tools: (tool) => [
    tool({
      name: 'reference_echo_text',
      description: 'Answers with its input.',
      effect: 'read',
      input: text,
      output: text,
      run: async (input) => input,
    }),
    tool({
      name: 'reference_echo_all',
      description: 'Answers with its whole input, as text.',
      effect: 'read',
      input: anything,
      output: text,
      run: async (input) => ({ text: JSON.stringify(input) }),
    }),
    tool({
      name: 'reference_check_input',
      description: 'Takes an input of each type.',
      effect: 'read',
      input: z.object({
        name: z.string().min(2).max(5).describe('A short name'),
        count: z.int().min(1).max(10).optional().describe('How many'),
        ratio: z.number().optional().describe('A ratio'),
        open: z.boolean().default(true).describe('Whether it is open'),
        colour: z.enum(['red', 'green']).optional().describe('A colour'),
        tags: z.array(z.string()).max(3).optional().describe('Tags'),
        place: z
          .object({ city: z.string().describe('A city') })
          .optional()
          .describe('Where'),
      }),
      output: text,
      run: async (input) => ({ text: JSON.stringify(input) }),
    }),
    tool({
      name: 'reference_write_text',
      description: 'Answers with its caller and the key it was called under.',
      effect: 'write',
      input: text,
      output: z.object({ who: z.string().describe('Who called'), key: z.string().describe('The key for the vendor') }),
      // Without the client's key, this key is derived from the call's random id, so it is hidden.
      run: async ({ text: mode }, _client, context) => ({
        who: `${context.principal.tenant} ${context.principal.id}`,
        key: mode === 'keyed' ? context.key('write') : 'own',
      }),
    }),
    tool({
      name: 'reference_delete_text',
      description: 'Deletes nothing; it is here for its effect.',
      effect: 'destructive',
      input: text,
      output: text,
      run: async (input) => input,
    }),
    tool({
      name: 'reference_read_cached',
      description: 'Answers from its cache if it can.',
      effect: 'read',
      cache: { ttlMs: 60_000 },
      input: text,
      output: text,
      run: async (input) => input,
    }),
    tool({
      name: 'reference_give_value',
      description: 'Returns a structured value of any kind.',
      effect: 'read',
      input: kind,
      output: anything,
      run: async (input) => values[input.kind],
    }),
    tool({
      name: 'reference_say_value',
      description: 'Returns a structured value of any kind, with a text of its own.',
      effect: 'read',
      input: kind,
      output: anything,
      run: async (input) => result(values[input.kind], { content: [{ type: 'text', text: 'in words' }], meta: { 'reference/note': 1 } }),
    }),
    tool({
      name: 'reference_show_content',
      description: 'Shows content of any kind, and has no output schema.',
      effect: 'read',
      input: kind,
      run: async (input) => said(...((contents[input.kind] ?? []) as readonly Content[])),
    }),
    tool({
      name: 'reference_show_meta',
      description: 'Shows metadata beside its text.',
      effect: 'read',
      input: kind,
      run: async (input) => result(undefined, { content: [{ type: 'text', text: 'a' }], meta: metas[input.kind] ?? {} }),
    }),
    tool({
      name: 'reference_return_given',
      description: 'Returns the output, the content and the metadata of its input.',
      effect: 'read',
      input: anything,
      output: anything,
      run: async (input) => {
        const { output, content, meta } = input as { output: unknown; content?: readonly Content[]; meta?: Record<string, unknown> };
        return result(output, { ...(content && { content }), ...(meta && { meta }) });
      },
    }),
    tool({
      name: 'reference_fail_known',
      description: 'Fails as a tool should, with a code.',
      effect: 'read',
      input: z.object({ code: z.string().describe('The code'), wait: z.boolean().optional().describe('Whether to say how long to wait') }),
      output: text,
      run: async ({ code, wait }) => {
        throw new ToolError(code as ErrorCode, `Failed with ${code}.`, wait ? { retryAfterMs: 1_500 } : {});
      },
    }),
    tool({
      name: 'reference_throw_string',
      description: 'Fails as no tool should.',
      effect: 'read',
      input: nothing,
      output: text,
      run: async () => {
        throw 'a string';
      },
    }),
    tool({
      name: 'reference_throw_coded',
      description: 'Fails with an error that the SDK would show.',
      effect: 'read',
      input: nothing,
      output: text,
      run: async () => {
        throw Object.assign(new Error('coded'), { code: -32_602, data: { secret: true } });
      },
    }),
    tool({
      name: 'reference_break_output',
      description: 'Returns an output that does not fit its schema.',
      effect: 'read',
      input: nothing,
      output: text,
      run: async () => ({ text: 7 }) as never,
    }),
    tool({
      name: 'reference_give_much',
      description: 'Answers with a long text.',
      effect: 'read',
      input: z.object({ length: z.int().describe('How long') }),
      output: text,
      run: async ({ length }) => ({ text: 'é'.repeat(length) }),
    }),
    tool({
      name: 'reference_warn_twice',
      description: 'Warns beside its answer.',
      effect: 'read',
      input: text,
      output: text,
      run: async (input, _client, context) => {
        context.warn('first');
        context.warn('second');
        return input;
      },
    }),
    tool({
      name: 'reference_report_progress',
      description: 'Reports progress, then answers, fails or asks.',
      effect: 'read',
      input: z.object({
        steps: z.array(z.number()).describe('How far, each time'),
        total: z.number().optional().describe('Of how much'),
        message: z.string().optional().describe('The message of each step'),
        slowly: z.boolean().optional().describe('Whether to wait a turn between steps'),
        end: z.enum(['answer', 'fail', 'ask']).default('answer').describe('How the call ends'),
      }),
      output: text,
      run: async ({ steps, total, message, slowly, end }, _client, context) => {
        for (const step of steps) {
          context.progress(step, total, message);
          if (slowly) await new Promise((turn) => void setImmediate(turn));
        }
        if (end === 'fail') throw new ToolError('NOT_FOUND', 'Failed after progress.');
        if (end === 'ask') return await context.ask('Go on?', text);
        return { text: 'done' };
      },
    }),
    tool({
      name: 'reference_ask_twice',
      description: 'Asks a person for a name, then for a colour.',
      effect: 'read',
      input: nothing,
      output: text,
      run: async (_input, _client, context) => {
        const { name } = await context.ask('What is your name?', z.object({ name: z.string().describe('Your name') }));
        const { colour } = await context.ask(`Which colour, ${name}?`, z.object({ colour: z.string().describe('A colour') }));
        return { text: `${name} likes ${colour}` };
      },
    }),
    tool({
      name: 'reference_route_region',
      description: 'Has arguments that clients also send in headers.',
      effect: 'read',
      input: {
        jsonSchema: {
          type: 'object',
          properties: {
            region: { type: 'string', description: 'Where to', 'x-mcp-header': 'Region' },
            count: { type: 'integer', description: 'How many', 'x-mcp-header': 'Count' },
            plain: { type: 'string', description: 'Text that stays in the body' },
          },
        },
        parse: (value: unknown) => value as object,
      },
      output: text,
      run: async (input) => ({ text: JSON.stringify(input) }),
    }),
    tool({
      name: 'reference_read_secretly',
      description: 'Belongs to another toolset.',
      effect: 'read',
      toolsets: ['inner'],
      input: text,
      output: text,
      run: async (input) => input,
    }),
  ],
});

/** A connector with several connections, so that its tools have the `connection` input. */
export const many = defineConnector({
  spec: 'v1',
  id: 'many',
  connections: 'many',
  config: z.object({ region: z.string().default('eu').describe('Where it is') }),
  open: ({ config }) => ({ region: config.region }),
  tools: (tool) => [
    tool({
      name: 'many_read_region',
      description: 'Says which connection answers.',
      effect: 'read',
      input: nothing,
      output: text,
      run: async (_input, client) => ({ text: client.region }),
    }),
  ],
});
