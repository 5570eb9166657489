import { limits } from '../../core/base/limits.ts';
import type { OfferedFile } from './state.ts';

/** A file of the user's, cut right above what may be imported: the importer says that it is too large. */
export async function readOffered(file: File): Promise<OfferedFile> {
  const octets = new Uint8Array(await file.slice(0, limits.importOctets + 1).arrayBuffer());
  return { name: file.name, octets };
}
