import { readFile, writeFile } from 'node:fs/promises';
import { catalogueOf, type Catalogue, type CatalogueTool } from '../catalogue.ts';
import { fileOf } from '../package-files.ts';
import type { Rule } from '../rule.ts';

const most = { median: 350, tool: 800, defaultToolset: 6_000 };
const snapshotFile = 'test/catalogue.json';

/** What a model receives, and what it costs. */
export const catalogueRules: readonly Rule[] = [
  {
    name: `uses at most ${most.median} tokens for half of its tools, ${most.tool} for any one and ${most.defaultToolset} for the default toolset`,
    why: 'Every conversation begins with all tools of its toolsets. What they take is gone for the work, and paid for in each turn.',
    find: async ({ connector }) => {
      const { tools, medianTokens, defaultToolsetTokens } = await catalogueOf(connector);
      return [
        ...tools
          .filter(({ tokens }) => tokens > most.tool)
          .map(({ name, tokens }) => `${name} takes ${tokens} tokens: sharpen its words, or split it`),
        ...(medianTokens > most.median ? [`the median tool takes ${medianTokens} tokens`] : []),
        ...(defaultToolsetTokens > most.defaultToolset
          ? [`the default toolset takes ${defaultToolsetTokens} tokens: move rare tools into toolsets of their own`]
          : []),
      ];
    },
  },
  {
    name: `has the catalogue that ${snapshotFile} records`,
    why: 'A changed name, description or schema changes what models do, and voids their prompt caches. Somebody should have looked at it.',
    concerns: 'package',
    find: async ({ connector, fixture }) => {
      const file = fileOf(fixture.folder, snapshotFile);
      const now = await catalogueOf(connector);
      const text = await readFile(file, 'utf8').catch(() => undefined);
      if (text === undefined) {
        await writeFile(file, `${JSON.stringify(now, undefined, 2)}\n`);
        return [`there was no ${snapshotFile}, so it has been written. Read it, commit it, and run this again`];
      }
      const differences = differencesOf(JSON.parse(text) as Catalogue, now);
      return differences.length === 0 ? [] : [...differences, `if all of this is meant: delete ${snapshotFile} and run this twice`];
    },
  },
];

/** Compared as JSON: the order of keys is part of what a model sees, the white space of the file is not. */
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
