import { existsSync, globSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';

interface Service {
  readonly image: string;
  readonly environment?: Readonly<Record<string, string>>;
  readonly env?: Readonly<Record<string, string>>;
  readonly ports?: readonly string[];
}

interface Workflow {
  readonly name: string;
  readonly permissions: object;
  readonly jobs: Readonly<Record<string, Job>>;
}

interface Job {
  readonly 'runs-on': string;
  readonly 'timeout-minutes'?: number;
  readonly strategy?: { readonly matrix: { readonly node: readonly number[] } };
  readonly services?: Readonly<Record<string, Service>>;
  readonly steps: readonly { readonly uses?: string; readonly with?: Readonly<Record<string, unknown>>; readonly run?: string }[];
}

interface Manifest {
  readonly scripts: Readonly<Record<string, string>>;
  readonly keywords?: readonly string[];
  readonly engines: { readonly node: string };
  readonly devDependencies: Readonly<Record<string, string>>;
}

const root = join(import.meta.dirname, '..');
const read = (path: string): string => readFileSync(join(root, path), 'utf8');
const readYaml = <T>(path: string): T => parse(read(path), { strict: true, uniqueKeys: true }) as T;
const readManifest = (path: string): Manifest => JSON.parse(read(path)) as Manifest;

const folders = readdirSync(join(root, 'packages')).sort();
const manifest = readManifest('package.json');
const compose = readYaml<{ services: Record<string, Service> }>('compose.yaml');

const workflows = globSync('.github/workflows/*.yml', { cwd: root }).sort();
const jobs = workflows.flatMap((path) =>
  Object.entries(readYaml<Workflow>(path).jobs).map(([name, job]) => ({ title: `${path}, job ${name}`, job })),
);
const linesOf = ({ steps }: Job): string[] => steps.flatMap(({ run }) => run?.trim().split('\n') ?? []);
const vitest = 'node node_modules/vitest/vitest.mjs run ';

/** The lowest major version of Node in an `engines` range such as `>=22.13`. */
function lowestNode({ engines }: Manifest): number {
  const [, major] = /^>=(\d+)/.exec(engines.node) ?? [];
  expect(major, `${engines.node} is not a range of the form >=22`).toBeDefined();
  return Number(major);
}

describe('the workflows', () => {
  test('run all checks, and the packages on each Node', () => {
    expect(workflows).toEqual(['.github/workflows/check.yml', '.github/workflows/node-versions.yml']);
    expect(jobs.flatMap(({ job }) => linesOf(job))).toContain('npm run check');
    expect(manifest.scripts['check']).toBe('bash .ci/run');
  });

  test.each(workflows)('%s may only read the repository', (path) => {
    expect(readYaml<Workflow>(path).permissions).toEqual({ contents: 'read' });
  });

  test.each(jobs.map(({ title, job }) => [title, job] as const))(
    '%s uses only GitHub’s own actions, and ends within an hour',
    (_title, job) => {
      const used = job.steps.flatMap(({ uses }) => uses ?? []);
      expect(used.length).toBeGreaterThan(0);
      expect(used.filter((action) => !/^actions\/(checkout|setup-node)@v\d+$/.test(action))).toEqual([]);
      expect(job['timeout-minutes']).toBeLessThanOrEqual(60);
    },
  );

  test.each(jobs.map(({ title, job }) => [title, job] as const))('%s runs scripts and files that exist', (_title, job) => {
    const lines = linesOf(job).filter((line) => !line.startsWith('sudo '));
    const commands = /^const commands = \{$(.*?)^\};$/ms.exec(read('scripts/run.mjs'))?.[1] ?? '';
    expect(lines.length).toBeGreaterThan(0);
    for (const line of lines) {
      const [, script] = /^npm (?:run )?([a-z:-]+)/.exec(line) ?? [];
      const [, command] = /^node scripts\/run\.mjs (\S+)/.exec(line) ?? [];
      if (script !== undefined) expect(Object.keys(manifest.scripts)).toContain(script);
      else if (command !== undefined) expect(commands).toMatch(new RegExp(`^  '?${command}'?: `, 'm'));
      else {
        expect(line.startsWith(vitest), line).toBe(true);
        for (const part of line.slice(vitest.length).split(' ')) expect(globSync(`${part}*`, { cwd: root }), part).not.toEqual([]);
      }
    }
  });

  const matrices = jobs.filter(({ job }) => job.strategy);

  test.each(matrices.map(({ title, job }) => [title, job] as const))(
    '%s starts vitest with each Node that packages support, from the oldest to one newer than our own',
    (_title, job) => {
      const versions = job.strategy?.matrix.node ?? [];
      const oldest = Math.max(...folders.map((folder) => lowestNode(readManifest(`packages/${folder}/package.json`))));
      const ours = Number(manifest.devDependencies['node']?.split('.')[0]);
      expect(Math.min(...versions)).toBe(oldest);
      expect(versions).toContain(ours);
      expect(Math.max(...versions)).toBeGreaterThan(ours);
      expect(job.steps.map((step) => step.with?.['node-version'])).toContain('${{ matrix.node }}');
      // npm test would bring our own Node.
      expect(linesOf(job).filter((line) => line.startsWith(vitest))).toHaveLength(1);
    },
  );

  test('leave out on macOS only the packages whose tests need a server', () => {
    const { job } = matrices.find(({ job: { 'runs-on': runner } }) => runner.startsWith('macos')) ?? {};
    const parts = (job && linesOf(job).find((line) => line.startsWith(vitest)))?.slice(vitest.length).split(' ') ?? [];
    expect(folders.filter((folder) => !parts.some((part) => `packages/${folder}`.startsWith(part)))).toEqual(['postgres', 'redis']);
  });

  test('serve the PostgreSQL and Redis of compose.yaml wherever a job has servers', () => {
    const served = jobs.flatMap(({ job }) => (job.services ? [job.services] : []));
    expect(served).toHaveLength(2);
    for (const services of served) {
      expect(Object.keys(services).sort()).toEqual(Object.keys(compose.services).sort());
      for (const [name, { image, env, ports }] of Object.entries(services)) {
        const { [name]: here } = compose.services;
        expect(image).toBe(here?.image);
        expect(env).toEqual(here?.environment);
        expect(ports?.map((port) => `127.0.0.1:${port}`)).toEqual(here?.ports);
      }
    }
  });
});

describe('compose.yaml', () => {
  test('serves the addresses that the tests use by default', () => {
    const { postgres, redis } = compose.services;
    expect(read('packages/postgres/test/support/databases.ts')).toContain("'postgres://postgres@127.0.0.1:5432/postgres'");
    expect(read('packages/redis/test/servers.ts')).toContain("'redis://127.0.0.1:6379'");
    expect(postgres?.ports).toEqual(['127.0.0.1:5432:5432']);
    expect(redis?.ports).toEqual(['127.0.0.1:6379:6379']);
    expect(postgres?.environment).toEqual({ POSTGRES_HOST_AUTH_METHOD: 'trust' });
  });

  test('has the versions and ports that CONTRIBUTING.md names', () => {
    const page = read('CONTRIBUTING.md').replaceAll(/\s+/g, ' ');
    const version = (name: string): string | undefined => compose.services[name]?.image.split(':')[1];
    expect(page).toContain(`PostgreSQL ${version('postgres')} on 127.0.0.1:5432 and Redis ${version('redis')} on 127.0.0.1:6379`);
    expect(page).toContain('docker compose up --detach --wait');
  });
});

describe('the devcontainer', () => {
  const folder = '.devcontainer';
  const container = JSON.parse(read(`${folder}/devcontainer.json`)) as {
    readonly dockerComposeFile: readonly string[];
    readonly service: string;
    readonly workspaceFolder: string;
    readonly postCreateCommand: string;
  };
  const { workspace } = readYaml<{
    services: Record<string, Service & { readonly volumes: readonly string[]; readonly depends_on: object }>;
  }>(`${folder}/compose.yaml`).services;

  test('opens its own service beside the servers of compose.yaml', () => {
    expect(container.dockerComposeFile.map((path) => join(folder, path))).toEqual(['compose.yaml', '.devcontainer/compose.yaml']);
    expect(container.service).toBe('workspace');
    expect(workspace?.volumes).toEqual([`.:${container.workspaceFolder}:cached`]);
    expect(Object.keys(workspace?.depends_on ?? {}).sort()).toEqual(Object.keys(compose.services).sort());
  });

  test('names the servers to the tests, has our major version of Node, and installs what tests start themselves', () => {
    expect(workspace?.environment).toEqual({
      TEST_DATABASE_URL: 'postgres://postgres@postgres:5432/postgres',
      TEST_REDIS_URL: 'redis://redis:6379',
    });
    expect(workspace?.image.split(':')[1]).toBe(manifest.devDependencies['node']?.split('.')[0]);
    expect(container.postCreateCommand).toMatch(/install --yes postgresql redis-server wrk && node scripts\/run\.mjs install$/);
  });
});

describe('the forms for issues', () => {
  interface Field {
    readonly type: string;
    readonly id?: string;
    readonly attributes: { readonly label?: string; readonly value?: string; readonly options?: readonly unknown[] };
  }
  interface Form {
    readonly name: string;
    readonly description: string;
    readonly body: readonly Field[];
  }
  const forms = ['bug', 'connector', 'question'];

  test('are for bugs, connectors and questions, and nothing else can be opened', () => {
    const names = readdirSync(join(root, '.github/ISSUE_TEMPLATE')).sort();
    expect(names).toEqual([...forms, 'config'].map((name) => `${name}.yml`).sort());
    expect(readYaml('.github/ISSUE_TEMPLATE/config.yml')).toEqual({ blank_issues_enabled: false });
  });

  test.each(forms)('%s.yml has what GitHub asks of a form', (name) => {
    const { body, ...form } = readYaml<Form>(`.github/ISSUE_TEMPLATE/${name}.yml`);
    expect(form).toMatchObject({ name: expect.any(String), description: expect.any(String) });
    const questions = body.filter(({ type }) => type !== 'markdown');
    expect(questions.length).toBeGreaterThan(0);
    for (const { type, attributes } of questions) {
      expect(['input', 'textarea', 'dropdown', 'checkboxes']).toContain(type);
      expect(attributes.label).toEqual(expect.any(String));
      if (type === 'dropdown' || type === 'checkboxes') expect(attributes.options).not.toHaveLength(0);
    }
    expect(new Set(questions.map(({ id }) => id)).size).toBe(questions.length);
  });

  test('bug.yml names every package', () => {
    const { body } = readYaml<Form>('.github/ISSUE_TEMPLATE/bug.yml');
    const options = body.find(({ id }) => id === 'part')?.attributes.options ?? [];
    expect(options).toEqual([...folders.map((folder) => `@busbar/${folder}`).sort(byName), 'hosted server', 'documentation']);
  });

  /** Sorts core first, as all lists of packages do. */
  const byName = (a: string, b: string): number => Number(b.endsWith('/core')) - Number(a.endsWith('/core')) || (a < b ? -1 : 1);
});

test('the pages that GitHub shows to contributors name scripts and files that exist', () => {
  const text = globSync(['.github/*.md', '.github/ISSUE_TEMPLATE/*.yml'], { cwd: root }).map(read).join('\n');
  const scripts = Array.from(text.matchAll(/`npm run ([a-z:-]+)`/g), ([, name = '']) => name);
  const files = Array.from(text.matchAll(/\b(?:[A-Z]{4,}|docs\/[a-z-]+)\.md\b/g), ([path]) => path);
  expect(scripts).not.toEqual([]);
  expect(files).toEqual(expect.arrayContaining(['SECURITY.md', 'CONTRIBUTING.md', 'docs/debugging.md']));
  expect(scripts.filter((name) => !(name in manifest.scripts))).toEqual([]);
  expect(files.filter((path) => !existsSync(join(root, path)))).toEqual([]);
});

test('violations of the code of conduct and vulnerabilities are reported in the same private place', () => {
  for (const page of ['SECURITY.md', 'CODE_OF_CONDUCT.md']) expect(read(page)).toContain('private vulnerability reporting');
});

test.each(folders)('the package %s has keywords for searches', (folder) => {
  const { keywords = [] } = readManifest(`packages/${folder}/package.json`);
  expect(keywords).toEqual(expect.arrayContaining(['busbar', 'mcp', 'model-context-protocol']));
  expect(new Set(keywords).size).toBe(keywords.length);
  if (folder.includes('connector')) expect(keywords).toContain('busbar-connector');
});
