import { z } from 'zod';
import { acmeWith } from './acme-connector.ts';
import type { BrokenConnector } from './broken-connector.ts';
import { readmeOf, startPackage, type PackageParts } from './package-folder.ts';

const one = acmeWith(['get_note']);
const id = z.string().min(1).max(50).describe('Id of the note, 1 to 50 characters');
const note = z.object({ id: z.string().describe('Id of the note') });
const inPackage = (parts: PackageParts) => async () => ({ folder: await startPackage(one, parts) });
const inReadme = (change: (readme: string) => string) => inPackage({ readme: change(readmeOf(one)) });

const size = 'uses at most 350 tokens for half of its tools, 800 for any one and 6000 for the default toolset';
const filters = (count: number) =>
  Object.fromEntries(
    Array.from({ length: count }, (_, n) => [`filter${n}`, z.string().optional().describe(`The value of filter ${n}. Absent: all`)]),
  );

/** Connectors with a fault that shows before anything runs, or in their package. */
export const brokenShapes: readonly BrokenConnector[] = [
  {
    fault: 'is written for another contract',
    finds: 'is accepted by a host',
    also: 'all',
    connector: { ...one, spec: 'v2' as 'v1' },
  },
  {
    fault: 'leaves a field of its output undescribed',
    finds: 'describes every field of its outputs',
    connector: acmeWith(['get_note'], { output: note.extend({ text: z.string().optional() }) }),
  },
  {
    fault: 'does not say what happens without an optional input',
    finds: 'says for every optional input what happens without it',
    connector: acmeWith(['get_note'], {
      input: z.object({ id, language: z.string().max(2).optional().describe('A language, at most 2 letters') }),
    }),
  },
  {
    fault: 'accepts a list of any length',
    finds: 'bounds every list that it accepts, and every text of a schema of its own',
    connector: acmeWith(['get_note'], {
      input: z.object({
        id,
        words: z.array(z.string()).optional().describe('Words to highlight. Absent: none'),
      }),
    }),
  },
  {
    fault: 'leaves a setting undescribed',
    finds: 'describes every setting',
    connector: { ...one, config: one.config.extend({ colour: z.string().optional() }) },
  },
  {
    fault: 'has a tool without an example',
    finds: 'has an example for each tool, and for nothing else',
    connector: acmeWith(['get_note', 'list_notes']),
    fixture: { examples: { acme_get_note: { id: 'note-1' } } },
  },
  {
    fault: 'has an example for a tool that it does not have',
    finds: 'has an example for each tool, and for nothing else',
    connector: one,
    fixture: { examples: { acme_get_note: { id: 'note-1' }, acme_find_note: {} } },
  },
  {
    fault: 'refuses its own example',
    finds: 'has examples that fit its inputs',
    also: ['answers the example of each tool with the declared output'],
    connector: one,
    fixture: { examples: { acme_get_note: { id: 7 } } },
  },
  {
    fault: 'has a tool with too many inputs',
    finds: size,
    connector: acmeWith(['get_note', 'list_notes', 'create_note'], { input: z.object({ id, ...filters(40) }) }),
  },
  {
    fault: 'has large tools throughout',
    finds: size,
    connector: acmeWith(['get_note'], { input: z.object({ id, ...filters(18) }) }),
  },
  {
    fault: 'has everything in its default toolset',
    finds: size,
    connector: {
      spec: 'v1',
      id: 'many',
      config: z.object({}),
      open: () => ({}),
      tools: Array.from({ length: 24 }, (_, n) => ({
        name: `many_read_${n}`,
        description: 'Reads what fits the filters.',
        effect: 'read',
        input: z.object(filters(14)),
        output: note,
        run: async () => ({ id: 'note-1' }),
      })),
    },
    fixture: { examples: Object.fromEntries(Array.from({ length: 24 }, (_, n) => [`many_read_${n}`, {}])) },
  },
  {
    fault: 'differs from its snapshot',
    finds: 'has the catalogue that test/catalogue.json records',
    also: ['lists its tools in its README'],
    connector: acmeWith(['get_note'], { description: 'Reads one note.' }),
    fixture: inPackage({}),
  },
  {
    fault: 'has no snapshot',
    finds: 'has the catalogue that test/catalogue.json records',
    connector: one,
    fixture: inPackage({ catalogue: false }),
  },
  {
    fault: 'starts a timer while it is imported',
    finds: 'does nothing while it is imported',
    connector: one,
    fixture: inPackage({ source: 'setInterval(() => {}, 1_000_000);\n' }),
  },
  {
    fault: 'sends a request while it is imported',
    finds: 'does nothing while it is imported',
    connector: one,
    fixture: inPackage({ source: "fetch('http://127.0.0.1:59999/').catch(() => {});\n" }),
  },
  {
    fault: 'depends on a library',
    finds: 'depends on core and zod as peers, and on nothing else',
    connector: one,
    fixture: inPackage({ manifest: { dependencies: { 'left-pad': '^1.0.0' } } }),
  },
  {
    fault: 'depends on its own zod',
    finds: 'depends on core and zod as peers, and on nothing else',
    connector: one,
    fixture: inPackage({ manifest: { dependencies: { zod: '^4.0.0' }, peerDependencies: { '@busbar/core': '^1.0.0' } } }),
  },
  {
    fault: 'names no licence',
    finds: 'is an ES module with a licence',
    connector: one,
    fixture: inPackage({ manifest: { license: undefined } }),
  },
  {
    fault: 'reads files',
    finds: 'imports only core and zod',
    connector: one,
    fixture: inPackage({ source: "import { readFileSync } from 'node:fs';\nexport const read = readFileSync;\n" }),
  },
  {
    fault: 'has a README without its tool',
    finds: 'lists its tools in its README',
    connector: one,
    fixture: inReadme((readme) => readme.replace(/^.*acme_get_note.*\n/m, '')),
  },
  {
    fault: 'has a README with a tool that no longer exists',
    finds: 'lists its tools in its README',
    connector: one,
    fixture: inReadme((readme) => readme.replace('\n\n<!-- /tools', '\n| `acme_find_note` | read | Finds a note. |\n\n<!-- /tools')),
  },
  {
    fault: 'has a README with another effect',
    finds: 'lists its tools in its README',
    connector: one,
    fixture: inReadme((readme) => readme.replace('| read |', '| write |')),
  },
  {
    fault: 'has a README without a table of settings',
    finds: 'lists its settings in its README',
    connector: one,
    fixture: inReadme((readme) => readme.slice(0, readme.indexOf('<!-- config'))),
  },
  {
    fault: 'has a README with a setting that no longer exists',
    finds: 'lists its settings in its README',
    connector: one,
    fixture: inReadme((readme) => readme.replace('\n\n<!-- /config', '\n| `region` | Where the account is |\n\n<!-- /config')),
  },
  {
    fault: 'has a README that describes a setting in other words',
    finds: 'lists its settings in its README',
    connector: one,
    fixture: inReadme((readme) => readme.replace('The secret of the OAuth client', 'Some secret')),
  },
];
