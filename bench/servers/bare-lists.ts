// Writes what the bare server answers to `tools/list`: the same tools as all others, as bytes.
import { writeFileSync } from 'node:fs';
import { z } from 'zod';
import { descriptionOf, inputOf, namesOf } from './work.ts';

/** Without the name of the dialect, which is the default one: Busbar does not send it either, and the limit may not have more to say. */
const { $schema: _, ...output } = z.toJSONSchema(z.object({ characters: z.int().min(0).describe('How many characters were sent') }));

for (const count of [10, 50, 200]) {
  const tools = namesOf(count).map((name) => {
    const { $schema: __, ...inputSchema } = z.toJSONSchema(inputOf(name));
    const annotations = { readOnlyHint: true, destructiveHint: false, idempotentHint: true };
    return { name, description: descriptionOf(name), inputSchema, outputSchema: output, annotations };
  });
  writeFileSync(new URL(`list-${count}.json`, import.meta.url), JSON.stringify(tools));
}
