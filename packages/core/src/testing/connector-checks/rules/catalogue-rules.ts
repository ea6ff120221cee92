import { readFile, writeFile } from 'node:fs/promises';
import { catalogueOf, type Catalogue, type CatalogueTool } from '../catalogue.ts';
import { fileOf } from '../package-files.ts';
import type { Rule } from '../rule.ts';

const most = { median: 350, tool: 800, defaultToolset: 6_000 };
const snapshotFile = 'test/catalogue.json';

/** The catalogue that models receive, and its cost in tokens. */
export const catalogueRules: readonly Rule[] = [
  {
    name: `uses at most ${most.median} tokens for half of its tools, ${most.tool} for any one and ${most.defaultToolset} for the default toolset`,
    why: 'Every conversation starts with all tools of its toolsets. Their tokens leave less room for the work, and are paid for in each turn.',
    find: async ({ connector }) => {
      const { tools, medianTokens, defaultToolsetTokens } = await catalogueOf(connector);
      return [
        ...tools
          .filter(({ tokens }) => tokens > most.tool)
          .map(({ name, tokens }) => `${name} uses ${tokens} tokens: shorten its descriptions, or split the tool`),
        ...(medianTokens > most.median ? [`the median tool uses ${medianTokens} tokens`] : []),
        ...(defaultToolsetTokens > most.defaultToolset
          ? [`the default toolset uses ${defaultToolsetTokens} tokens: move rare tools into toolsets of their own`]
          : []),
      ];
    },
  },
  {
    name: `has the catalogue that ${snapshotFile} records`,
    why: 'A changed name, description or schema changes how models behave, and invalidates their prompt caches. Someone should review it.',
    appliesTo: 'package',
    find: async ({ connector, fixture }) => {
      const file = fileOf(fixture.folder, snapshotFile);
      const now = await catalogueOf(connector);
      const text = await readFile(file, 'utf8').catch(() => undefined);
      if (text === undefined) {
        await writeFile(file, `${JSON.stringify(now, undefined, 2)}\n`);
        return [`there was no ${snapshotFile}, so the test wrote it. Read it, commit it, and run the test again`];
      }
      const differences = differencesOf(JSON.parse(text) as Catalogue, now);
      return differences.length === 0 ? [] : [...differences, `if all of this is intended: delete ${snapshotFile} and run the test twice`];
    },
  },
];

/** Lists the differences between two catalogues. Compares JSON: a model sees the order of keys, but not the file's white space. */
function differencesOf(before: Catalogue, now: Catalogue): string[] {
  const same = (a: unknown, b: unknown): boolean => JSON.stringify(a) === JSON.stringify(b);
  if (same(before, now)) return [];
  const known = new Map(before.tools.map((tool) => [tool.name, tool]));
  const changed = now.tools.flatMap((tool) => {
    const old = known.get(tool.name);
    known.delete(tool.name);
    if (!old) return [`${tool.name} is new`];
    const keys = [...new Set([...Object.keys(old), ...Object.keys(tool)])] as (keyof CatalogueTool)[];
    const parts = keys.filter((key) => !same(old[key], tool[key])).map((key) => change(key, old[key], tool[key]));
    return parts.length > 0 ? [`${tool.name} has another ${parts.join(', another ')}`] : [];
  });
  const gone = [...known.keys()].map((name) => `${name} is gone`);
  const all = [...changed, ...gone];
  return all.length > 0 ? all : ['the order of the tools has changed'];
}

const change = (key: string, old: unknown, value: unknown): string =>
  typeof value === 'number' || key === 'effect' ? `${key} (${String(value)}, was ${String(old)})` : key;
