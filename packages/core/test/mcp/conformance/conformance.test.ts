import { execFile } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, onTestFinished, test } from 'vitest';
import { createHost } from '../../../src/index.ts';
import { httpTransport } from '../../../src/mcp/http.ts';
import { listen } from '../serve.ts';
import { fixture } from './fixture.ts';

/** The failing scenarios (`tasks-lifecycle`) and single checks (`caching:sep-2549-…`) of each revision, with the reasons. */
type Baseline = Record<string, readonly { readonly reason: string; readonly fails: readonly string[] }[]>;

const baseline = JSON.parse(await readFile(new URL('./baseline.json', import.meta.url), 'utf8')) as Baseline;
const suite = createRequire(import.meta.url).resolve('@modelcontextprotocol/conformance/dist/index.js');

/** Runs the suite's server scenarios of a revision. Returns the verdict of each check, the worst one if a check ran more than once. */
async function runSuite(url: string, revision: string): Promise<Map<string, 'passed' | 'failed'>> {
  const folder = await mkdtemp(join(tmpdir(), 'busbar-conformance-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  const args = [suite, 'server', '--url', url, '--requirements', revision, '--output-dir', folder];
  // The suite exits with 1 if any check fails. The baseline judges the failures.
  await promisify(execFile)(process.execPath, args, { maxBuffer: 2 ** 26 }).catch((error: { code?: unknown }) =>
    expect(error.code).toBe(1),
  );
  const verdicts = new Map<string, 'passed' | 'failed'>();
  for (const run of await readdir(folder)) {
    const scenario = run.replace(/^server-/, '').replace(/-\d{4}-\d\d-\d\dT.*$/, '');
    for (const { id, status } of JSON.parse(await readFile(join(folder, run, 'checks.json'), 'utf8')) as { id: string; status: string }[]) {
      const check = `${scenario}:${id}`;
      if (status === 'FAILURE' || status === 'WARNING') verdicts.set(check, 'failed');
      else if (status === 'SUCCESS' && !verdicts.has(check)) verdicts.set(check, 'passed');
    }
  }
  return verdicts;
}

test.each(Object.keys(baseline))(
  'passes the suite’s scenarios of %s, except for the failures that the baseline explains',
  async (revision) => {
    const host = createHost({ connectors: [fixture], info: { name: 'conformance', version: '1.0.0' } });
    const verdicts = await runSuite((await listen(httpTransport({ port: 0 }), host)).url, revision);
    const failed = [...verdicts].filter(([, verdict]) => verdict === 'failed').map(([check]) => check);
    const excused = (baseline[revision] ?? []).flatMap(({ fails }) => fails);
    // The baseline cannot excuse a message that the protocol's own schema refuses.
    const excuses = (entry: string, check: string) =>
      check === entry || (check.startsWith(`${entry}:`) && !check.endsWith(':wire-schema-valid'));

    expect(failed.filter((check) => !excused.some((entry) => excuses(entry, check)))).toEqual([]);
    // Checks that now pass must be removed from the baseline.
    expect(excused.filter((entry) => !failed.some((check) => excuses(entry, check)))).toEqual([]);
    expect(verdicts.size - failed.length).toBeGreaterThan(40);
  },
);
