interface Manifest {
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
  readonly peerDependencies?: Readonly<Record<string, string>>;
}

/**
 * Puts versions into a new connector's package.json, where the template says `catalog:` or `workspace:`. They are this package's own, which
 * has the same libraries as dependencies: packing it puts the versions of the workspace into its package.json, so none can be forgotten.
 *
 * @throws {Error} for a library that this package has not.
 */
export function fillVersions(template: string, own: string): string {
  const manifest = JSON.parse(template) as Manifest;
  const { dependencies, devDependencies } = JSON.parse(own) as Manifest;
  const known = new Map(Object.entries({ ...dependencies, ...devDependencies }));
  const filled = (wanted: Readonly<Record<string, string>> = {}): Record<string, string> =>
    Object.fromEntries(
      Object.entries(wanted).map(([name, range]) => {
        if (!/^(?:catalog|workspace):/.test(range)) return [name, range];
        const version = known.get(name);
        if (version === undefined) throw new Error(`The template has ${name}, and this package does not say which version.`);
        return [name, version];
      }),
    );
  const { peerDependencies } = manifest;
  const complete = { ...manifest, devDependencies: filled(manifest.devDependencies), peerDependencies: filled(peerDependencies) };
  return `${JSON.stringify(complete, undefined, 2)}\n`;
}
