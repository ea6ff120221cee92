import { z } from 'zod';
import { defineConnector, result, ToolError } from '../../../src/index.ts';

// The smallest valid picture and the smallest valid sound.
const png = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8DwHwAFBQIAX8jx0gAAAABJRU5ErkJggg==';
const wav = 'UklGRiQAAABXQVZFZm10IBAAAAABAAEAQB8AAIA+AAACABAAZGF0YQAAAAA=';

const nothing = z.object({});
const text = z.object({ text: z.string().describe('The text of the answer') });
const confirmation = z.object({ ok: z.boolean().describe('Whether to go on') });

/** The tools that the MCP conformance suite calls, if Busbar's contract can express them. */
export const fixture = defineConnector({
  spec: 'v1',
  id: 'test',
  config: z.object({}),
  open: () => ({}),
  tools: (tool) => [
    tool({
      name: 'test_simple_text',
      description: 'Answers with text.',
      effect: 'read',
      input: nothing,
      run: async () => result(undefined, { content: [{ type: 'text', text: 'This is a simple text response for testing.' }] }),
    }),
    tool({
      name: 'test_image_content',
      description: 'Answers with a picture.',
      effect: 'read',
      input: nothing,
      run: async () => result(undefined, { content: [{ type: 'image', data: png, mimeType: 'image/png' }] }),
    }),
    tool({
      name: 'test_audio_content',
      description: 'Answers with a sound.',
      effect: 'read',
      input: nothing,
      run: async () => result(undefined, { content: [{ type: 'audio', data: wav, mimeType: 'audio/wav' }] }),
    }),
    tool({
      name: 'test_embedded_resource',
      description: 'Answers with an embedded resource.',
      effect: 'read',
      input: nothing,
      run: async () =>
        result(undefined, {
          content: [
            {
              type: 'resource',
              resource: { uri: 'test://embedded-resource', mimeType: 'text/plain', text: 'This is an embedded resource content.' },
            },
          ],
        }),
    }),
    tool({
      name: 'test_multiple_content_types',
      description: 'Answers with text, a picture and a resource.',
      effect: 'read',
      input: nothing,
      run: async () =>
        result(undefined, {
          content: [
            { type: 'text', text: 'Multiple content types test:' },
            { type: 'image', data: png, mimeType: 'image/png' },
            {
              type: 'resource',
              resource: { uri: 'test://mixed-content-resource', mimeType: 'application/json', text: '{"test":"data","value":123}' },
            },
          ],
        }),
    }),
    tool({
      name: 'test_error_handling',
      description: 'Fails.',
      effect: 'read',
      input: nothing,
      output: text,
      run: async () => {
        throw new ToolError('NOT_FOUND', 'This tool intentionally returns an error for testing');
      },
    }),
    tool({
      name: 'test_tool_with_progress',
      description: 'Reports its progress.',
      effect: 'read',
      input: nothing,
      output: text,
      run: async (_input, _client, context) => {
        for (const done of [0, 50, 100]) context.progress(done, 100);
        return { text: 'done' };
      },
    }),
    tool({
      name: 'test_logging_tool',
      description: 'Logs nothing to the client, like every tool.',
      effect: 'read',
      input: nothing,
      output: text,
      run: async () => ({ text: 'done' }),
    }),
    tool({
      name: 'test_streaming_elicitation',
      description: 'Asks the person whether to go on.',
      effect: 'read',
      input: nothing,
      output: text,
      run: async (_input, _client, context) => {
        const { ok } = await context.ask('Shall the tool go on?', confirmation);
        return { text: ok ? 'gone on' : 'stopped' };
      },
    }),
    tool({
      name: 'test_x_mcp_header',
      description: 'Takes an argument that clients also send in a header.',
      effect: 'read',
      input: {
        jsonSchema: { type: 'object', properties: { region: { type: 'string', description: 'Where to', 'x-mcp-header': 'Region' } } },
        parse: (value: unknown) => value as { region?: string },
      },
      output: text,
      run: async ({ region = 'nowhere' }) => ({ text: region }),
    }),
    tool({
      name: 'test_input_required_result_elicitation',
      description: 'Asks for a name.',
      effect: 'read',
      input: nothing,
      output: text,
      run: async (_input, _client, context) => {
        const { name } = await context.ask('What is your name?', z.object({ name: z.string().describe('Your name') }));
        return { text: `Hello, ${name}!` };
      },
    }),
    tool({
      name: 'test_input_required_result_request_state',
      description: 'Asks for a confirmation.',
      effect: 'read',
      input: nothing,
      output: text,
      run: async (_input, _client, context) => {
        await context.ask('Please confirm', confirmation);
        return { text: 'state-ok' };
      },
    }),
    tool({
      name: 'test_input_required_result_tampered_state',
      description: 'Asks for a confirmation.',
      effect: 'read',
      input: nothing,
      output: text,
      run: async (_input, _client, context) => {
        await context.ask('Please confirm', confirmation);
        return { text: 'confirmed' };
      },
    }),
    tool({
      name: 'test_input_required_result_multi_round',
      description: 'Asks for a name, then for a colour.',
      effect: 'read',
      input: nothing,
      output: text,
      run: async (_input, _client, context) => {
        const { name } = await context.ask('Step 1: What is your name?', z.object({ name: z.string().describe('Your name') }));
        const { color } = await context.ask('Step 2: What is your favorite color?', z.object({ color: z.string().describe('A color') }));
        return { text: `${name} likes ${color}` };
      },
    }),
  ],
});
