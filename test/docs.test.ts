import { spawnSync } from 'node:child_process';
import { existsSync, globSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { errorCodes } from '../packages/core/src/errors.ts';

const root = join(import.meta.dirname, '..');
const pages = globSync(['*.md', 'docs/**/*.md', 'packages/*/README.md', 'examples/*/README.md'], { cwd: root }).sort();
const textOf = (page: string) => readFileSync(join(root, page), 'utf8');
const proseOf = (page: string) => textOf(page).replaceAll(/^```.*?^```/gms, '');

/** The code blocks of a page in one language. `source` is the file that the comment line above the block names. */
function blocks(page: string, language: string): { readonly code: string; readonly source: string | undefined }[] {
  const found = textOf(page).matchAll(new RegExp(`(?:^<!-- (\\S+) -->\\n+)?^\`\`\`${language}\\n(.*?)^\`\`\`$`, 'gms'));
  return Array.from(found, ([, source, code = '']) => ({ code, source }));
}

/** Every TypeScript block, with the whole `file` that it belongs to. A block without imports continues the previous block. */
const snippets = pages.flatMap((page) => {
  let file = '';
  return blocks(page, 'ts').map(({ code, source }, index) => {
    file = /^import /m.test(code) ? code : file + code;
    return { name: `${page}, block ${index + 1}`, code, source, file };
  });
});

describe('TypeScript in the pages', () => {
  let folder: string;
  let errors: string;

  // Creates a project with our packages, the dependencies of the example servers, and the snippets as files.
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'busbar-docs-'));
    mkdirSync(join(folder, 'node_modules/@busbar'), { recursive: true });
    for (const name of readdirSync(join(root, 'packages')))
      symlinkSync(join(root, 'packages', name), join(folder, 'node_modules/@busbar', name));
    for (const home of ['examples/hosted-server/node_modules', 'examples/minimal-server/node_modules', 'node_modules']) {
      for (const name of readdirSync(join(root, home)).filter((entry) => !entry.startsWith('.'))) {
        const scoped = name.startsWith('@') ? readdirSync(join(root, home, name)).map((part) => join(name, part)) : [name];
        for (const dependency of scoped) {
          const link = join(folder, 'node_modules', dependency);
          mkdirSync(dirname(link), { recursive: true });
          if (!existsSync(link)) symlinkSync(join(root, home, dependency), link);
        }
      }
    }
    snippets.forEach(({ file }, index) => writeFileSync(join(folder, `snippet-${index}.ts`), file));
    writeFileSync(
      join(folder, 'tsconfig.json'),
      JSON.stringify({ extends: join(root, 'tsconfig.base.json'), compilerOptions: { noEmit: true }, include: ['*.ts'] }),
    );
    writeFileSync(join(folder, 'package.json'), '{ "type": "module" }');
    errors = spawnSync(join(root, 'node_modules/.bin/tsc'), ['-p', folder, '--pretty', 'false'], { cwd: folder, encoding: 'utf8' }).stdout;
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  test.each(snippets.map(({ name }, index) => [name, index] as const))('type-checks in %s', (_name, index) => {
    expect(errors.split('\n').filter((line) => line.startsWith(`snippet-${index}.ts`))).toEqual([]);
  });

  test('has no other type error', () => {
    expect(errors).toBe('');
  });

  test.each(snippets.filter(({ source }) => source !== undefined).map(({ name, code, source = '' }) => [name, source, code] as const))(
    'in %s equals the file %s word for word',
    (_name, source, code) => {
      expect(code).toBe(readFileSync(join(root, source), 'utf8'));
    },
  );
});

describe('a page', () => {
  /** Makes anchors of headings as GitHub does. */
  const anchorsOf = (page: string) =>
    Array.from(proseOf(page).matchAll(/^#+ (.+)$/gm), ([, heading = '']) =>
      heading
        .toLowerCase()
        .replaceAll(/[^\p{L}\p{N}\- _]/gu, '')
        .replaceAll(' ', '-'),
    );

  test.each(pages)('%s links to files and headings that exist', (page) => {
    const links = Array.from(proseOf(page).matchAll(/\]\(([^)\s]+)\)/g), ([, link = '']) => link).filter((link) => !/^[a-z]+:/.test(link));
    const broken = links.filter((link) => {
      const [path = '', anchor] = link.split('#');
      const target = path === '' ? page : relative(root, join(root, dirname(page), path));
      if (!existsSync(join(root, target))) return true;
      return anchor !== undefined && !anchorsOf(target).includes(anchor);
    });
    expect(broken).toEqual([]);
  });

  test.each(pages)('%s names files that exist', (page) => {
    const named = Array.from(
      proseOf(page).matchAll(/`((?:packages|examples|docs|scripts|test|\.ci|\.changeset)\/[^`\s]*)`/g),
      ([, path = '']) => path,
    );
    expect(named.filter((path) => !/[<…]/.test(path) && globSync(path, { cwd: root }).length === 0)).toEqual([]);
  });

  test.each(pages)('%s names scripts that exist', (page) => {
    const { scripts } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { scripts: Record<string, string> };
    const builtIn = ['install', 'exec', 'test', 'start', 'run', 'i', 'add', 'create'];
    const named = Array.from(textOf(page).matchAll(/(?:npm run|pnpm) ([a-z][a-z:-]*)/g), ([, name = '']) => name);
    expect(named.filter((name) => !(name in scripts) && !builtIn.includes(name))).toEqual([]);
  });
});

test('docs/errors.md has the table of error codes, word for word', () => {
  const rows = textOf('docs/errors.md').match(/^\| `.*$/gm) ?? [];
  const cells = rows.map((row) => row.split('|').map((cell) => cell.trim()));
  expect(cells).toEqual(
    Object.entries(errorCodes).map(([code, { retry, refunded, meaning }]) => [
      '',
      `\`${code}\``,
      retry,
      refunded ? 'yes' : 'no',
      meaning,
      '',
    ]),
  );
});

test('docs/architecture.md names files of core that exist', () => {
  const drawn = blocks('docs/architecture.md', 'text').flatMap(({ code }) => code.match(/[a-z/-]+\.ts\b/g) ?? []);
  const files = globSync('packages/*/src/**/*.ts', { cwd: root });
  expect(drawn.length).toBeGreaterThan(20);
  expect(drawn.filter((name) => !files.some((file) => file.endsWith(`/${name}`)))).toEqual([]);
});

describe('docs/failure-semantics.md', () => {
  const page = 'docs/failure-semantics.md';
  const untestable = 'Not covered by tests';
  const sections = proseOf(page)
    .split(/^## /m)
    .slice(1)
    .map((section) => section.split(/\n([^]*)/) as [title: string, body: string]);
  const facts = sections.flatMap(([title, body]) =>
    title === untestable
      ? []
      : body
          .split(/^(?= *- )|\n\n/m)
          .map((fact) => fact.trim())
          .filter((fact) => fact !== ''),
  );
  const testsOf = (fact: string) =>
    Array.from(fact.matchAll(/\[Test\]\((\S+) (['"])(.+)\2\)/g), ([, path = '', , name = '']) => ({ path, name }));

  /** Whether a file has a test or a store check of exactly this name. Placeholders in a name are written as in the source. */
  function names(file: string, name: string): boolean {
    const literal = name.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&');
    return new RegExp(`^(?! *describe).*(?:\\(\\s*|\\bname: )(['\`])${literal}\\1,`, 'm').test(readFileSync(file, 'utf8'));
  }

  test('has a test for every statement, except in one section', () => {
    expect(sections.map(([title]) => title)).toContain(untestable);
    expect(facts.length).toBeGreaterThan(100);
    expect(facts.filter((fact) => !fact.startsWith('- ') || testsOf(fact).length === 0)).toEqual([]);
  });

  test('links each statement to tests that exist', () => {
    const missing = facts.flatMap(testsOf).filter(({ path, name }) => {
      const file = join(root, 'docs', path);
      return !/\.test\.ts$|\/store-checks\//.test(path) || !existsSync(file) || !names(file, name);
    });
    expect(missing).toEqual([]);
  });
});

describe('docs/debugging.md', () => {
  const page = textOf('docs/debugging.md');
  const code = Array.from(page.matchAll(/`([^`\n]+)`/g), ([, span = '']) => span);
  const sources = globSync(['packages/{core,postgres,redis}/src/**/*.ts', 'examples/hosted-server/src/**/*.ts'], { cwd: root });
  const source = sources.map((path) => readFileSync(join(root, path), 'utf8')).join('\n');
  const sourceOf = (name: string): string => {
    const [path] = sources.filter((file) => file.endsWith(`/${name}`));
    return path === undefined ? '' : readFileSync(join(root, path), 'utf8');
  };
  const all = (pattern: RegExp, text: string): string[] => Array.from(text.matchAll(pattern), ([, found = '']) => found);

  test('names metrics that the adapter has, and all reasons for a refusal', () => {
    const kept = all(/'(mcp_\w+)'/g, sourceOf('prom-client.ts'));
    const named = code.filter((span) => span.startsWith('mcp_'));
    expect(named.length).toBeGreaterThan(8);
    expect(named.filter((name) => !kept.includes(name))).toEqual([]);
    const [, reasons = ''] = /interface RefusalEvent \{\s+readonly reason: ([^;]+);/.exec(sourceOf('observer.ts')) ?? [];
    const [, table = ''] = /^\| Reason .*\n((?:\|.*\n)+)/m.exec(page) ?? [];
    expect(all(/^\| `([a-z-]+)`/gm, table)).toEqual(all(/'([a-z-]+)'/g, reasons));
  });

  test('has every field of the call’s log line, in its order', () => {
    const [, table = ''] = /^\| Field .*\n((?:\|.*\n)+)/m.exec(page) ?? [];
    const [, line = ''] = /log\[level\]\(\s*\{([^}]+)\}/.exec(sourceOf('record-call.ts')) ?? [];
    expect(all(/^ +(\w+)[:,]/gm, line)).not.toEqual([]);
    expect(all(/^\| `(\w+)`/gm, table)).toEqual(all(/^ +(\w+)[:,]/gm, line));
  });

  test('names log messages that the sources contain', () => {
    const named = all(/`"msg":"([^"]+)"`/g, page);
    const isWritten = (message: string): boolean => {
      const [first = '', ...rest] = message.split(' ');
      return source.includes(`'${message}'`) || (rest.length === 1 && source.includes(`\`${first} \${event.kind}\``));
    };
    expect(named.length).toBeGreaterThan(8);
    expect(named.filter((message) => !isWritten(message))).toEqual([]);
  });

  test('names error codes, settings, columns, spans and metadata that exist', () => {
    const settings = all(/^\| `([A-Z][A-Z_]+)`/gm, textOf('examples/hosted-server/README.md'));
    const capitals = code.flatMap((span) => /^([A-Z][A-Z_]{4,})(?:=\w+)?$/.exec(span)?.[1] ?? []);
    expect(capitals).toEqual(expect.arrayContaining(['QUOTA_EXCEEDED', 'LOG_LEVEL']));
    expect(capitals.filter((name) => !(name in errorCodes) && !settings.includes(name))).toEqual([]);

    const columns = code.filter((span) => /^(calls|claims|deliveries|usage_outbox|dead_letters)\.\w+$/.test(span));
    const hasColumn = (column: string): boolean => {
      const [table = '', name = ''] = column.split('.');
      return new RegExp(`^  ${table}: \\{$[^}]*^    ${name}: `, 'm').test(sourceOf('tables.ts'));
    };
    expect(columns.length).toBeGreaterThan(8);
    expect(columns.filter((column) => !hasColumn(column))).toEqual([]);

    const keys = [...all(/`_meta\["([^"]+)"\]`/g, page), ...code.filter((span) => /^(busbar|http)\.[a-z_.]+$/.test(span))];
    expect(keys.length).toBeGreaterThan(4);
    expect(keys.filter((key) => !source.includes(`'${key}'`))).toEqual([]);

    const entries = code.filter((span) => /^call\.[a-z]+$/.test(span));
    expect(entries).toEqual(expect.arrayContaining(['call.refused', 'call.replayed']));
    expect(entries.filter((entry) => !source.includes(`'${entry}'`))).toEqual([]);
  });

  test('names routes of the admin API, with their parameters and fields', () => {
    const routes = code.filter((span) => span.startsWith('GET '));
    expect(routes.length).toBeGreaterThan(5);
    for (const route of routes) {
      const [, path = '', parameter, value] = /^GET \/admin\/v1(\/[a-z-]+)(?:\?(\w+)=(\w+))?$/.exec(route) ?? [];
      expect(source, route).toContain(`method: 'get',\n  path: '${path}',`);
      if (parameter !== undefined && value !== undefined) expect(source, route).toMatch(new RegExp(`\\b${parameter}[:,][^]*'${value}'`));
    }
    for (const field of ['revokedAt', 'toolsets', 'used', 'limit', 'endsAt', 'p50Ms', 'p95Ms', 'charged', 'units', 'price', 'callId']) {
      expect(code).toContain(field);
      expect(source, field).toMatch(new RegExp(`^ +${field}: (?:z\\.|count|amount)`, 'm'));
    }
  });
});

test('every package has a page', () => {
  const missing = readdirSync(join(root, 'packages')).filter((name) => !existsSync(join(root, 'packages', name, 'README.md')));
  expect(missing).toEqual([]);
});
