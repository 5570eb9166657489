/**
 * What is wrong with a package-lock.json, as sentences. A package that another one names, optional or not, must have an
 * entry, or `npm ci` refuses the whole file; and an exact version in package.json is what the file has.
 */
export function checkLockFile(lock: unknown, manifest: unknown): string[] {
  const packages = record(record(lock)['packages']);
  const problems: string[] = [];
  for (const [path, entry] of Object.entries(packages)) {
    const fields = record(entry);
    for (const kind of ['dependencies', 'optionalDependencies']) {
      for (const name of Object.keys(record(fields[kind]))) {
        if (!resolves(packages, path, name))
          problems.push(`${path || 'package.json'} wants ${name}, which has no entry`);
      }
    }
    if (path.startsWith('node_modules/') && typeof fields['integrity'] !== 'string') {
      problems.push(`${path} has no integrity`);
    }
  }
  for (const kind of ['dependencies', 'devDependencies', 'optionalDependencies']) {
    for (const [name, version] of Object.entries(record(record(manifest)[kind]))) {
      const locked = record(packages[`node_modules/${name}`])['version'];
      if (version !== locked)
        problems.push(`package.json wants ${name} ${version}, the lock file has ${locked}`);
    }
  }
  return problems;
}

/** As Node looks for a package: beside, then further up. */
function resolves(packages: Record<string, unknown>, from: string, name: string): boolean {
  const folders =
    from === '' ? [] : from.split(/(?<=.)(?=node_modules\/)/).map((part) => part.replace(/\/$/, ''));
  for (let depth = folders.length; depth >= 0; depth -= 1) {
    const path = [...folders.slice(0, depth), `node_modules/${name}`].join('/');
    if (Object.hasOwn(packages, path)) return true;
  }
  return false;
}

function record(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null ? { ...value } : {};
}
