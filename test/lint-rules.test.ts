import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

const root = join(import.meta.dirname, '..');

const restrictedImport = 'eslint(no-restricted-imports)';
const restrictedGlobal = 'eslint(no-restricted-globals)';
const restrictedProperty = 'eslint(no-restricted-properties)';

/** The parts of core that each place in core may not import: the layers beside and above it. docs/architecture.md draws them. */
const layersAbove: Readonly<Record<string, readonly string[]>> = {
  'answer-json.ts': ['connector'],
  'content.ts': ['lib'],
  'principal.ts': ['host.ts'],
  'connector/*': ['lib', 'ports', 'catalog', 'upstream', 'call', 'host.ts', 'create-host.ts', 'mcp'],
  'lib/*': ['connector', 'ports', 'call', 'memory'],
  'ports/*': ['catalog', 'webhooks', 'billing', 'upstream', 'call', 'memory', 'jobs', 'host.ts'],
  'catalog/*': ['ports', 'billing', 'upstream', 'call', 'host.ts', 'mcp'],
  'webhooks/*': ['ports', 'catalog', 'upstream', 'call', 'mcp'],
  'billing/*': ['catalog', 'upstream', 'call', 'memory', 'host.ts'],
  'upstream/*': ['catalog', 'billing', 'call', 'memory', 'host.ts', 'adapters'],
  'middleware.ts': ['call'],
  'transport.ts': ['mcp'],
  'call/*': ['memory', 'jobs', 'mcp', 'adapters', 'create-host.ts', 'webhooks'],
  'memory/*': ['catalog', 'call', 'jobs', 'mcp', 'host.ts'],
  'jobs/*': ['memory', 'mcp', 'adapters', 'host.ts', 'create-host.ts'],
  'adapters/got.ts': ['call'],
  'adapters/cockatiel.ts': ['upstream'],
  'adapters/pino.ts': ['mcp'],
  'mcp/*': ['call', 'memory', 'upstream', 'jobs', 'adapters', 'create-host.ts', 'index.ts', 'testing'],
  'mcp/room/*': ['mcp/request', 'mcp/fast-lane', 'mcp/sdk-lane', 'call'],
  'mcp/request/*': ['mcp/fast-lane', 'mcp/sdk-lane', 'call'],
  'mcp/fast-lane/*': ['mcp/sdk-lane', 'mcp/http.ts', 'call'],
  'mcp/sdk-lane/*': ['mcp/fast-lane', 'mcp/endpoint.ts', 'call'],
};

/** Files that each break one rule: the path, the source, and the rule that must find it. */
const violations: readonly (readonly [path: string, source: string, rule: string])[] = [
  // Core's root and its folders import zod and no library.
  ['packages/core/src/a1.ts', `import 'pino';`, restrictedImport],
  ['packages/core/src/a2.ts', `export { readFile } from 'node:fs/promises';`, restrictedImport],
  ['packages/core/src/a3.ts', `import type { Got } from 'got';\nexport type X = Got;`, restrictedImport],
  ['packages/core/src/a4.ts', `export const later = () => import('prom-client');`, restrictedImport],
  ['packages/core/src/a8.ts', `export * from '@noble/hashes/sha2.js';`, restrictedImport],
  ['packages/core/src/a9.ts', `export * from '../../connector-zendesk/src/index.ts';`, restrictedImport],
  ['packages/core/src/index.ts', `export * from './adapters/got.ts';`, restrictedImport],
  ['packages/core/src/create-host.ts', `export * from './mcp/http.ts';\nexport * from './testing/index.ts';`, restrictedImport],
  ['packages/core/src/call/b2.ts', `import 'tsyringe';`, restrictedImport],
  ['packages/core/src/upstream/b3.ts', `import 'cockatiel';`, restrictedImport],
  ['packages/core/src/lib/digest.ts', `import 'zod';`, restrictedImport],

  // A folder of core imports the layers below it, and none beside or above it.
  ...Object.entries(layersAbove).flatMap(([from, folders]) =>
    folders.map((folder, index) => {
      const up = '../'.repeat(from.split('/').length - 1);
      const target = folder.endsWith('.ts') ? folder : `${folder}/x.ts`;
      const path = from.endsWith('*') ? `${from.slice(0, -1)}layer-${index}.ts` : from;
      return [`packages/core/src/${path}`, `export type * from '${up === '' ? './' : up}${target}';`, restrictedImport] as const;
    }),
  ),

  // An adapter imports core and its own library.
  ['packages/core/src/adapters/cockatiel.ts', `import 'got';`, restrictedImport],
  ['packages/core/src/adapters/got.ts', `export * from './cockatiel.ts';`, restrictedImport],
  ['packages/core/src/adapters/opentelemetry.ts', `import '@opentelemetry/sdk-trace';`, restrictedImport],
  ['packages/core/src/adapters/pino.ts', `import 'prom-client';`, restrictedImport],
  ['packages/core/src/adapters/prom-client.ts', `import 'node:http';`, restrictedImport],
  ['packages/core/src/mcp/c1.ts', `export * from '../adapters/got.ts';`, restrictedImport],
  ['packages/core/src/mcp/c2.ts', `import 'express';`, restrictedImport],
  ['packages/core/src/testing/c3.ts', `import 'vitest';`, restrictedImport],
  ['packages/core/src/testing/connector-checks/token-counter.ts', `import 'got';`, restrictedImport],
  ['packages/core/src/testing/vendor-checks/schema-validators.ts', `import 'gpt-tokenizer';`, restrictedImport],
  ['packages/core/src/testing/vendor-checks/c4.ts', `import 'ajv';`, restrictedImport],

  // A connector imports @busbar/core and zod.
  ['packages/connector-acme/src/d1.ts', `import 'got';`, restrictedImport],
  ['packages/connector-acme/src/d2.ts', `import 'node:net';`, restrictedImport],
  ['packages/connector-acme/src/d3.ts', `import '@busbar/core/testing';`, restrictedImport],
  ['packages/connector-acme/src/d4.ts', `import '@busbar/core/adapters/got';`, restrictedImport],
  ['packages/connector-acme/src/tools/d5.ts', `export * from '../../../core/src/index.ts';`, restrictedImport],
  ['packages/connector-acme/src/tools/d6.ts', `import '@busbar/connector-zendesk';`, restrictedImport],
  ['packages/connector-acme/src/d7.ts', `export const a = () => fetch('https://a.example');`, restrictedGlobal],
  ['packages/connector-acme/src/d8.ts', `export const a = () => globalThis.fetch('https://a.example');`, restrictedGlobal],
  ['packages/connector-acme/src/d9.ts', `export const token = process.env['TOKEN'];`, restrictedGlobal],
  ['packages/connector-acme/src/sandbox.ts', `import 'node:http';`, restrictedImport],
  ['packages/connector-acme/src/sandbox/d10.ts', `import 'node:http';`, restrictedImport],
  ['packages/connector-acme/src/d11.ts', `import './sandbox/d10.ts';`, restrictedImport],
  ['packages/connector-acme/src/tools/d12.ts', `import '../sandbox.ts';`, restrictedImport],

  // Stores import the contract and their drivers.
  ['packages/postgres/src/e1.ts', `import '@busbar/core/mcp/http';`, restrictedImport],
  ['packages/postgres/src/e2.ts', `import 'tsyringe';`, restrictedImport],
  ['packages/postgres/src/database/e7.ts', `export type * from '../audit/audit.ts';`, restrictedImport],
  ['packages/postgres/src/database/e8.ts', `import '@busbar/core/mcp/http';`, restrictedImport],
  ['packages/postgres/src/audit/e9.ts', `export type * from '../metering/settle.ts';`, restrictedImport],
  ['packages/postgres/src/dead-letters/e10.ts', `export type * from '../audit/audit.ts';`, restrictedImport],
  ['packages/postgres/src/state/e11.ts', `export type * from '../usage/usage.ts';`, restrictedImport],
  ['packages/postgres/src/usage/e12.ts', `import 'tsyringe';`, restrictedImport],
  ['packages/redis/src/e3.ts', `import '@busbar/core/testing';`, restrictedImport],
  ['packages/redis/src/e4.ts', `import '@busbar/postgres';`, restrictedImport],
  ['packages/redis/src/e5.ts', `export { setTimeout } from 'node:timers/promises';`, restrictedImport],
  ['packages/create-connector/src/e6.ts', `import '@busbar/core/testing';`, restrictedImport],

  // Examples use public entries, and only examples read the process.
  ['examples/hello/src/f1.ts', `export * from '../../../packages/core/src/index.ts';`, restrictedImport],
  ['examples/hello/src/f2.ts', `import '@busbar/core/src/index.ts';`, restrictedImport],
  ['packages/core/src/mcp/f3.ts', `export const port = process.env['PORT'];`, restrictedGlobal],
  ['packages/postgres/src/f4.ts', `export const url = process.env['DATABASE_URL'];`, restrictedGlobal],

  // No cycles, one clock, no sleeping tests, no lost promises.
  ['packages/core/src/cycle-1.ts', `import { two } from './cycle-2.ts';\nexport const one = () => two;`, 'import(no-cycle)'],
  ['packages/core/src/cycle-2.ts', `import { one } from './cycle-1.ts';\nexport const two = () => one;`, 'import(no-cycle)'],
  ['packages/core/src/memory/g1.ts', `export const now = () => Date.now();`, restrictedProperty],
  ['packages/postgres/src/g2.ts', `export const wait = (go: () => void) => setTimeout(go, 10);`, restrictedGlobal],
  ['packages/postgres/src/g6.ts', `export { setTimeout } from 'node:timers/promises';`, restrictedImport],
  ['packages/core/test/g3.test.ts', `export { setTimeout } from 'node:timers/promises';`, restrictedImport],
  ['packages/core/test/g4.test.ts', `export const wait = (go: () => void) => setTimeout(go, 10);`, restrictedGlobal],
  ['packages/core/src/g5.ts', `export const lose = (go: () => Promise<void>) => {\n  go();\n};`, 'typescript(no-floating-promises)'],
];

/** Files that follow the rules, in the same folders. */
const clean: readonly (readonly [path: string, source: string])[] = [
  ['packages/core/src/errors.ts', `import { z } from 'zod';\nexport * from './logger.ts';\nexport const a = z.string();`],
  ['packages/core/src/logger.ts', `export const three = 3;`],
  ['packages/core/src/clock.ts', `export const now = () => Date.now();`],
  ['packages/core/src/connector/ok.ts', `export * from '../errors.ts';`],
  ['packages/core/src/lib/ok.ts', `export * from '../clock.ts';`],
  ['packages/core/src/ports/ok.ts', `export * from '../connector/ok.ts';\nexport * from '../lib/ok.ts';`],
  ['packages/core/src/catalog/ok.ts', `export * from '../connector/ok.ts';\nexport * from '../lib/ok.ts';`],
  ['packages/core/src/billing/ok.ts', `export * from '../ports/ok.ts';`],
  ['packages/core/src/upstream/ok.ts', `export * from '../ports/ok.ts';\nexport * from '../errors.ts';`],
  ['packages/core/src/host.ts', `export * from './catalog/ok.ts';\nexport * from './ports/ok.ts';`],
  ['packages/core/src/call/ok.ts', `export * from '../host.ts';\nexport * from '../upstream/ok.ts';\nexport * from '../billing/ok.ts';`],
  ['packages/core/src/memory/ok.ts', `export * from '../upstream/ok.ts';`],
  ['packages/core/src/jobs/ok.ts', `export * from '../call/ok.ts';`],
  [
    'packages/core/src/mcp/ok.ts',
    `export * from '@modelcontextprotocol/server';\nexport * from 'node:stream/promises';\nexport * from '../host.ts';\nexport * from './fast-lane/ok.ts';`,
  ],
  ['packages/core/src/mcp/request/ok.ts', `export * from '../../ports/ok.ts';`],
  ['packages/core/src/mcp/fast-lane/ok.ts', `export * from '../request/ok.ts';\nexport * from '../../host.ts';`],
  ['packages/core/src/mcp/sdk-lane/ok.ts', `export * from '../request/ok.ts';\nexport * from '@modelcontextprotocol/server';`],
  ['packages/core/src/testing/ok-5.ts', `export * from 'node:http';\nexport * from '../memory/ok.ts';`],
  ['packages/connector-other/src/tools/ok-6.ts', `export * from '@busbar/core';\nexport * from 'zod';\nexport * from '../ok-7.ts';`],
  ['packages/connector-other/src/ok-7.ts', `export const seven = 7;`],
  ['packages/connector-other/src/sandbox/ok-17.ts', `import '../ok-7.ts';\nexport * from '@busbar/core/testing';`],
  ['packages/connector-other/src/sandbox.ts', `export * from '@busbar/core/testing';\nexport * from './ok-7.ts';`],
  ['packages/postgres/src/ok-8.ts', `export * from '@busbar/core';\nexport * from 'kysely/migration';\nexport * from 'node:path';`],
  ['packages/postgres/src/database/ok-12.ts', `export * from 'kysely';\nexport * from 'node:fs';`],
  ['packages/postgres/src/state/ok-13.ts', `export * from '../database/ok-12.ts';`],
  ['packages/redis/src/ok-11.ts', `export * from '@busbar/core';\nexport * from '@redis/client';\nexport * from 'node:crypto';`],
  ['examples/hello/src/ok-9.ts', `export * from '@busbar/core/mcp/http';\nexport const port = process.env['PORT'];`],
  ['packages/core/test/ok-10.test.ts', `export * from '../src/testing/ok-5.ts';`],
];

describe('the import rules', () => {
  let folder: string;
  let found: readonly { readonly path: string; readonly rule: string }[];

  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'busbar-lint-'));
    cpSync(join(root, '.oxlintrc.json'), join(folder, '.oxlintrc.json'));
    writeFileSync(join(folder, 'tsconfig.json'), '{ "compilerOptions": { "module": "nodenext", "strict": true, "types": [] } }');
    for (const [path, source] of [...violations, ...clean]) {
      mkdirSync(dirname(join(folder, path)), { recursive: true });
      writeFileSync(join(folder, path), `${source}\n`);
    }
    const { stdout, stderr } = spawnSync(join(root, 'node_modules/.bin/oxlint'), ['--format', 'json'], { cwd: folder, encoding: 'utf8' });
    if (!stdout.startsWith('{')) throw new Error(`oxlint gave no JSON: ${stdout}${stderr}`);
    const { diagnostics } = JSON.parse(stdout) as { diagnostics: { filename: string; code: string }[] };
    found = diagnostics.map(({ filename, code }) => ({ path: filename, rule: code }));
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  for (const [path, source, rule] of violations) {
    test(`find ${source.split('\n')[0]} in ${path}`, () => {
      expect(found).toContainEqual({ path, rule });
    });
  }

  for (const [path] of clean) {
    test(`accept ${path}`, () => {
      expect(found.filter((finding) => finding.path === path)).toEqual([]);
    });
  }
});
