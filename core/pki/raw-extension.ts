import { err, ok, type Result } from '../base/result.ts';
import { type DerValue, isUniversal, tags } from './der.ts';

/** An extension of a certificate or a CRL that is not yet looked into. */
export interface RawExtension {
  readonly oid: string;
  readonly critical: boolean;
  /** What the OCTET STRING holds. */
  readonly value: Uint8Array;
}

const mostExtensions = 64;

/** Reads an explicitly tagged `Extensions`, of which each kind may come once. The error is the end of a sentence. */
export function readRawExtensions(field: DerValue | undefined): Result<readonly RawExtension[], string> {
  const list = field?.parts[0]?.parts ?? [];
  if (list.length > mostExtensions) return err(`it has ${list.length} extensions`);
  const extensions = new Map<string, RawExtension>();
  for (const extension of list) {
    const [oid, ...others] = extension.parts;
    const value = others.at(-1);
    if (!isUniversal(oid, tags.oid) || oid.text === undefined || !isUniversal(value, tags.octetString))
      return err('an extension of it is malformed');
    if (extensions.has(oid.text)) return err(`it has the extension ${oid.text} twice`);
    const flag = others.length === 2 ? others[0] : undefined;
    const critical = isUniversal(flag, tags.boolean) && flag.content[0] !== 0;
    extensions.set(oid.text, { oid: oid.text, critical, value: value.content });
  }
  return ok([...extensions.values()]);
}
