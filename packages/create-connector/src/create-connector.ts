import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { countTokens } from './count-tokens.ts';
import { fillVersions } from './fill-versions.ts';
import { createRename } from './rename.ts';

const template = fileURLToPath(new URL('../template', import.meta.url));
/** A registry drops a `.gitignore` from a package, and would read a second package.json as a manifest. */
const realNames: Readonly<Record<string, string>> = { _gitignore: '.gitignore', '_package.json': 'package.json' };

/**
 * Writes the template's connector under another name into the new folder `connector-<name>`. Returns the folder.
 *
 * @throws {Error} if the name is invalid, or if the folder exists or cannot be created. In these cases, nothing is written. The message is
 *   for the person who runs the program.
 */
export async function createConnector(name: string, parent: string): Promise<string> {
  const rename = createRename(name);
  const manifest = await readFile(new URL('../package.json', import.meta.url), 'utf8');
  const folder = join(parent, `connector-${name}`);
  await mkdir(folder).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'EEXIST') throw new Error(`${folder} exists already. Choose another name, or remove the folder first.`);
    throw new Error(`${folder} cannot be created: ${error.message}`);
  });
  for (const entry of await readdir(template, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const source = join(entry.parentPath, entry.name);
    const path = relative(template, source);
    const target = join(folder, rename(realNames[path] ?? path));
    await mkdir(dirname(target), { recursive: true });
    await writeFile(target, complete(path, rename(await readFile(source, 'utf8')), manifest));
  }
  return folder;
}

/** Fills in the parts that depend on more than the name: library versions, and the token counts of the renamed tools. */
function complete(path: string, text: string, manifest: string): string {
  if (path === '_package.json') return fillVersions(text, manifest);
  return path === join('test', 'catalogue.json') ? countTokens(text) : text;
}
