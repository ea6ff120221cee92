import { z } from 'zod';
import { defineConnector, result, ToolError, type Content, type ErrorCode } from '../../../src/index.ts';
import { contents, metas, values } from './unusual-answers.ts';

const nothing = z.object({});
const text = z.object({ text: z.string().describe('Any text') });
const kind = z.object({ kind: z.string().describe('Which of them') });
// Takes what its tools return as it is, whatever it is.
const anything = { jsonSchema: { type: 'object', properties: {}, additionalProperties: true }, parse: (value: unknown) => value };
const said = (...content: readonly Content[]) => result(undefined, { content });

/** One tool for each thing that an answer can be. All are deterministic, but for ids that core makes. */
export const twin = defineConnector({
  spec: 'v1',
  id: 'twin',
  config: z.object({}),
  open: () => ({}),
  tools: (tool) => [
    tool({
      name: 'twin_echo_text',
      description: 'Answers with the text that it was given.',
      effect: 'read',
      input: text,
      output: text,
      run: async (input) => input,
    }),
    tool({
      name: 'twin_echo_all',
      description: 'Answers with all that it was given, as its text.',
      effect: 'read',
      input: anything,
      output: text,
      run: async (input) => ({ text: JSON.stringify(input) }),
    }),
    tool({
      name: 'twin_check_input',
      description: 'Takes much, each of its kind.',
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
      name: 'twin_write_text',
      description: 'Answers with its caller and the key it was called under.',
      effect: 'write',
      input: text,
      output: z.object({ who: z.string().describe('Who called'), key: z.string().describe('The key for the vendor') }),
      // Without a key of the client's this one is made of the call's own id, so it is hidden.
      run: async ({ text: mode }, _client, context) => ({
        who: `${context.principal.tenant} ${context.principal.id}`,
        key: mode === 'keyed' ? context.key('write') : 'own',
      }),
    }),
    tool({
      name: 'twin_delete_text',
      description: 'Deletes nothing; it is here for its effect.',
      effect: 'destructive',
      input: text,
      output: text,
      run: async (input) => input,
    }),
    tool({
      name: 'twin_read_cached',
      description: 'Answers from its cache where it can.',
      effect: 'read',
      cache: { ttlMs: 60_000 },
      input: text,
      output: text,
      run: async (input) => input,
    }),
    tool({
      name: 'twin_give_value',
      description: 'Gives a structured value of any kind.',
      effect: 'read',
      input: kind,
      output: anything,
      run: async (input) => values[input.kind],
    }),
    tool({
      name: 'twin_say_value',
      description: 'Gives a structured value of any kind, with words of its own.',
      effect: 'read',
      input: kind,
      output: anything,
      run: async (input) => result(values[input.kind], { content: [{ type: 'text', text: 'in words' }], meta: { 'twin/note': 1 } }),
    }),
    tool({
      name: 'twin_show_content',
      description: 'Shows content of any kind, and has no output schema.',
      effect: 'read',
      input: kind,
      run: async (input) => said(...((contents[input.kind] ?? []) as readonly Content[])),
    }),
    tool({
      name: 'twin_show_meta',
      description: 'Shows metadata beside its text.',
      effect: 'read',
      input: kind,
      run: async (input) => result(undefined, { content: [{ type: 'text', text: 'a' }], meta: metas[input.kind] ?? {} }),
    }),
    tool({
      name: 'twin_return_given',
      description: 'Returns the output, the content and the metadata that it is given, whatever they are.',
      effect: 'read',
      input: anything,
      output: anything,
      run: async (input) => {
        const { output, content, meta } = input as { output: unknown; content?: readonly Content[]; meta?: Record<string, unknown> };
        return result(output, { ...(content && { content }), ...(meta && { meta }) });
      },
    }),
    tool({
      name: 'twin_fail_known',
      description: 'Fails as a tool should, with a code.',
      effect: 'read',
      input: z.object({ code: z.string().describe('The code'), wait: z.boolean().optional().describe('Whether to say how long to wait') }),
      output: text,
      run: async ({ code, wait }) => {
        throw new ToolError(code as ErrorCode, `Failed with ${code}.`, wait ? { retryAfterMs: 1_500 } : {});
      },
    }),
    tool({
      name: 'twin_throw_string',
      description: 'Fails as no tool should.',
      effect: 'read',
      input: nothing,
      output: text,
      run: async () => {
        throw 'a string';
      },
    }),
    tool({
      name: 'twin_throw_coded',
      description: 'Fails with what the SDK would show.',
      effect: 'read',
      input: nothing,
      output: text,
      run: async () => {
        throw Object.assign(new Error('coded'), { code: -32_602, data: { secret: true } });
      },
    }),
    tool({
      name: 'twin_break_output',
      description: 'Returns what does not fit its output schema.',
      effect: 'read',
      input: nothing,
      output: text,
      run: async () => ({ text: 7 }) as never,
    }),
    tool({
      name: 'twin_give_much',
      description: 'Answers with a long text.',
      effect: 'read',
      input: z.object({ length: z.int().describe('How long') }),
      output: text,
      run: async ({ length }) => ({ text: 'é'.repeat(length) }),
    }),
    tool({
      name: 'twin_warn_twice',
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
      name: 'twin_report_progress',
      description: 'Reports progress, then answers, fails or asks.',
      effect: 'read',
      input: z.object({
        steps: z.array(z.number()).describe('How far, each time'),
        total: z.number().optional().describe('Of how much'),
        message: z.string().optional().describe('What to say of it'),
        slowly: z.boolean().optional().describe('Whether to wait a turn between steps'),
        end: z.enum(['answer', 'fail', 'ask']).default('answer').describe('What comes after'),
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
      name: 'twin_ask_twice',
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
      name: 'twin_route_region',
      description: 'Has arguments that travel in headers too.',
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
      name: 'twin_read_secretly',
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
