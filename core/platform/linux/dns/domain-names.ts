import { limits } from '../../../base/limits.ts';

/**
 * The names that are domain names (RFC 1123 labels, underscores too), lower case, without a dot at the end, each once.
 * Anything else could carry a line break or an option into a file, and is counted as refused.
 */
export function checkDomains(names: readonly string[]): {
  readonly domains: readonly string[];
  readonly refused: number;
} {
  const domains = new Set<string>();
  let refused = 0;
  for (const name of names) {
    const domain = name.toLowerCase().replace(/\.$/, '');
    if (isDomain(domain)) domains.add(domain);
    else refused++;
  }
  return { domains: [...domains], refused };
}

function isDomain(name: string): boolean {
  if (name.length === 0 || name.length > limits.domainOctets) return false;
  return name.split('.').every((label) => /^[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?$/.test(label));
}
