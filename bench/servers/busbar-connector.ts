import { defineConnector, result } from '@busbar/core';
import { z } from 'zod';
import { descriptionOf, inputOf, run, toolNames } from './work.ts';

/** The work as a connector. Unlike the tools of other servers, its tools declare an output, which is validated and sent with the text. */
export const bench = defineConnector({
  spec: 'v1',
  id: 'bench',
  config: z.object({}),
  open: () => ({}),
  tools: (tool) =>
    toolNames.map((name) =>
      tool({
        name,
        description: descriptionOf(name),
        effect: 'read',
        input: inputOf(name),
        output: z.object({ characters: z.int().min(0).describe('How many characters were sent') }),
        run: async (input) => result({ characters: input.text.length }, run(input)),
      }),
    ),
});
