import { defineConnector } from '@busbar/core';
import { z } from 'zod';

/** Greets people. Copy this file to start your own connector. */
export const hello = defineConnector({
  spec: 'v1',
  id: 'hello',
  config: z.object({ greeting: z.string().default('Hello').describe('The word to greet with') }),
  open: ({ config }) => ({ greet: (name: string) => `${config.greeting}, ${name}!` }),
  tools: (tool) => [
    tool({
      name: 'hello_greet_person',
      description: 'Greets a person by name.',
      effect: 'read',
      input: z.object({ name: z.string().min(1).describe('Who to greet') }),
      output: z.object({ message: z.string().describe('The greeting') }),
      run: async ({ name }, client) => ({ message: client.greet(name) }),
    }),
  ],
});
