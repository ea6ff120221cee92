import { EventEmitter, once } from 'node:events';
import { z } from 'zod';
import { defineConnector, result, ToolError } from '../../src/index.ts';

/** Texts in the errors that the probe's tools throw. No client may see them. */
export const secrets = ['sk-live-123', '/home/operator/src/probe.ts'];

/**
 * Creates a connector with a tool for each feature that a transport must carry. The tools emit `started`, and `aborted` when a call's
 * signal fires, on `events`. The event `finish` ends the tools that wait.
 */
export function probe() {
  const events = new EventEmitter();
  events.setMaxListeners(2_000);
  const emitted = new Set<string>();
  for (const event of ['started', 'aborted']) events.once(event, () => emitted.add(event));
  const text = z.object({ text: z.string().max(10_000_000).describe('Any text, at most 10,000,000 characters') });
  const nothing = z.object({});
  const connector = defineConnector({
    spec: 'v1',
    id: 'probe',
    config: z.object({}),
    open: () => ({}),
    tools: (tool) => [
      tool({
        name: 'probe_echo_text',
        description: 'Answers with its input.',
        effect: 'read',
        input: text,
        output: text,
        run: async (input) => input,
      }),
      tool({
        name: 'probe_write_text',
        description: 'Answers with its caller and the keys it was called under.',
        effect: 'write',
        input: text,
        output: z.object({ tenant: z.string().describe('Who called'), key: z.string().describe('The key for the vendor') }),
        run: async (_input, _client, context) => ({ tenant: context.principal.tenant, key: context.key('write') }),
      }),
      tool({
        name: 'probe_delete_text',
        description: 'Deletes nothing; it is here for its effect.',
        effect: 'destructive',
        input: text,
        output: text,
        run: async (input) => input,
      }),
      tool({
        name: 'probe_show_picture',
        description: 'Answers with a picture, and metadata beside it.',
        effect: 'read',
        input: nothing,
        run: async () =>
          result(undefined, { content: [{ type: 'image', data: 'iVBORw0KGgo=', mimeType: 'image/png' }], meta: { 'probe/note': 'seen' } }),
      }),
      tool({
        name: 'probe_find_nothing',
        description: 'Fails as a tool should.',
        effect: 'read',
        input: nothing,
        output: text,
        run: async () => {
          throw new ToolError('NOT_FOUND', 'No such text. Search for it.');
        },
      }),
      tool({
        name: 'probe_throw_string',
        description: 'Fails as no tool should.',
        effect: 'read',
        input: nothing,
        output: text,
        run: async () => {
          throw `failed with ${secrets.join(' at ')}`;
        },
      }),
      tool({
        name: 'probe_throw_coded_error',
        description: 'Fails with an error whose code and data the SDK would show.',
        effect: 'read',
        input: nothing,
        output: text,
        run: async () => {
          throw Object.assign(new Error(`failed with ${secrets.join(' at ')}`), { code: -32999, data: { secrets } });
        },
      }),
      tool({
        name: 'probe_report_progress',
        description: 'Reports progress, forwards and backwards.',
        effect: 'read',
        input: nothing,
        output: text,
        run: async (_input, _client, context) => {
          for (const done of [0, 50, 20, 50, 100]) context.progress(done, 100, `at ${done}`);
          // The clients lose progress that arrives together with the result.
          await once(events, 'finish', { signal: context.signal });
          events.once('finish', () => context.progress(1_000, 1_000, 'too late'));
          return { text: 'done' };
        },
      }),
      tool({
        name: 'probe_report_much',
        description: 'Reports progress 1,500 times.',
        effect: 'read',
        input: nothing,
        output: text,
        run: async (_input, _client, context) => {
          for (let done = 0; done < 1_500; done += 1) context.progress(done);
          return { text: 'done' };
        },
      }),
      tool({
        name: 'probe_wait_long',
        description: 'Waits for the event `finish`, or until it is aborted.',
        effect: 'read',
        input: nothing,
        output: text,
        run: async (_input, _client, { signal, progress }) => {
          signal.addEventListener('abort', () => events.emit('aborted'), { once: true });
          const finished = once(events, 'finish', { signal });
          progress(1);
          events.emit('started');
          await finished;
          return { text: 'finished' };
        },
      }),
      tool({
        name: 'probe_await_event',
        description: 'Answers as soon as a tool that waits has started, or has been aborted.',
        effect: 'read',
        input: text,
        output: text,
        run: async (input) => {
          if (!emitted.has(input.text)) await once(events, input.text);
          return input;
        },
      }),
      tool({
        name: 'probe_finish_waiting',
        description: 'Ends the tools that wait.',
        effect: 'read',
        input: nothing,
        output: text,
        run: async () => ({ text: events.emit('finish') ? 'finished some' : 'nothing waited' }),
      }),
      tool({
        name: 'probe_ask_twice',
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
        name: 'probe_route_region',
        description: 'Has arguments that clients also send in headers.',
        effect: 'read',
        input: {
          jsonSchema: {
            type: 'object',
            properties: {
              region: { type: 'string', description: 'Where to', 'x-mcp-header': 'Region' },
              count: { type: 'integer', description: 'How many', 'x-mcp-header': 'Count' },
            },
          },
          parse: (value: unknown) => value as { region?: string; count?: number },
        },
        output: text,
        run: async ({ region = 'nowhere' }) => ({ text: region }),
      }),
    ],
  });
  return { connector, events };
}
