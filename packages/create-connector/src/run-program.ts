import { basename } from 'node:path';
import { parseArgs } from 'node:util';
import { createConnector } from './create-connector.ts';

const usage = `npm create @busbar/connector <name>

Writes a connector for Busbar into the new folder connector-<name>: source, sandbox, tests and README. It works and passes its
tests from the start. The program asks no questions and installs nothing.

  <name>      the vendor, in kebab-case: acme
  -h, --help  shows this text`;

/** Runs the program with its arguments in the folder `cwd`. Returns the exit status and the text to print. */
export async function runProgram(args: readonly string[], cwd: string): Promise<{ readonly status: number; readonly text: string }> {
  try {
    const options = { help: { type: 'boolean', short: 'h' } } as const;
    const { values, positionals } = parseArgs({ args: [...args], allowPositionals: true, options });
    if (values.help === true) return { status: 0, text: usage };
    const [name, ...others] = positionals;
    if (name === undefined || others.length > 0) return { status: 1, text: `Give one name.\n\n${usage}` };
    const folder = basename(await createConnector(name, cwd));
    const next = `  cd ${folder}\n  npm install\n  npm test`;
    return { status: 0, text: `Created ${folder}. Next:\n\n${next}\n\nIts README says how to make it yours.` };
  } catch (error) {
    return { status: 1, text: error instanceof Error ? error.message : String(error) };
  }
}
