// The work that all servers do: a number of tools with eight fields each. One tool is called, and echoes its text.
import { z } from 'zod';
import { echoTool } from '../clients/request.ts';

/** The port to listen on. */
export const port = Number(process.argv[2]);

/** Returns the names of `count` tools, starting with the called tool. */
export const namesOf = (count: number): readonly string[] => [
  echoTool,
  ...Array.from({ length: count - 1 }, (_, index) => `bench_send_message_${String(index + 1).padStart(3, '0')}`),
];
/** The tools to offer. */
export const toolNames = namesOf(Number(process.argv[3] ?? 1));

/** Returns the description of a tool for the model. */
export const descriptionOf = (name: string): string =>
  `Sends a message to the customer through a channel and returns the text as it was sent (${name}). ` +
  'Use it to tell a customer something new, and not to change a message that was sent before.';

/** Creates a separate schema for each tool, as a real server has. */
export const inputOf = (name: string) =>
  z.object({
    text: z.string().min(1).max(100_000).describe(`What ${name} sends, 1 to 100,000 characters of plain text`),
    channel: z.enum(['email', 'chat', 'sms', 'voice']).describe('The channel by which the customer is to be reached'),
    priority: z.int().min(1).max(5).describe('How urgent it is, from 1, at once, to 5, whenever there is time'),
    limit: z.int().min(1).max(100).describe('How many recipients of a list get it at most, 1 to 100'),
    draft: z.boolean().describe('True keeps it as a draft instead of sending it'),
    labels: z.array(z.string().min(1).max(40)).max(10).describe('Labels to file it under, at most 10, such as billing'),
    locale: z.string().min(2).max(10).optional().describe('The language that the customer reads, such as en-GB'),
    reference: z.string().max(64).optional().describe('The order or the invoice that it is about, as the customer knows it'),
  });

/** The input of a call. */
export type Input = z.output<ReturnType<typeof inputOf>>;

/** Does the work of a call. */
export const run = ({ text }: Input) => ({ content: [{ type: 'text' as const, text }] });
