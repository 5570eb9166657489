import type { CipherShape } from '../crypto/interfaces.ts';
import type { SaCommand } from './commands.ts';
import type { DataplaneSa } from './dataplane.ts';

/** The SA as plain data. `postMessage` copies it at once, so the caller's key can be wiped right after. */
export function plainSa(sa: DataplaneSa): SaCommand {
  const { cipher } = sa;
  const shape: CipherShape = {
    name: cipher.name,
    encryptionId: cipher.encryptionId,
    keyBits: cipher.keyBits,
    integrityId: cipher.integrityId,
    encryptionKeyOctets: cipher.encryptionKeyOctets,
    saltOctets: cipher.saltOctets,
    integrityKeyOctets: cipher.integrityKeyOctets,
    ivOctets: cipher.ivOctets,
    icvOctets: cipher.icvOctets,
    blockOctets: cipher.blockOctets,
    randomIv: cipher.randomIv,
  };
  return { spi: sa.spi, shape, key: sa.key, esn: sa.esn ?? false, sequence: sa.sequence ?? 0 };
}
