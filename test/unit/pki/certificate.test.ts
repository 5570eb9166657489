import assert from 'node:assert/strict';
import { test } from 'node:test';
import { limits } from '../../../core/base/limits.ts';
import { parseCertificate } from '../../../core/pki/certificate.ts';
import { createCa } from '../../support/pki.ts';

const der = new Uint8Array(createCa('Known').der);

/** The same certificate with another serial number: reading checks no signature. */
function withSerial(number: number): Uint8Array {
  const changed = der.slice();
  // Behind the headers of certificate, TBS, version and INTEGER, and the first octet of the number.
  const at =
    changed.findIndex((_, i) => changed[i] === 2 && changed[i + 1] === 16 && changed[i + 2] === 0x40) + 3;
  new DataView(changed.buffer, changed.byteOffset).setUint32(at, number);
  return changed;
}

test('the same octets are read once, others are another certificate', () => {
  const [first, again, other] = [der, der.slice(), withSerial(1)].map(parseCertificate);
  assert.ok(first?.ok && again?.ok && other?.ok);
  assert.equal(again.value, first.value);
  assert.notEqual(other.value, first.value);
  assert.notDeepEqual(other.value.serial, first.value.serial);
});

test('no more are kept than the limit says, the ones that were used last', () => {
  const first = parseCertificate(der);
  const second = parseCertificate(withSerial(2));
  for (let i = 1; i < limits.knownCertificates; i++) {
    assert.ok(parseCertificate(withSerial(1_000 + i)).ok);
    parseCertificate(der);
  }
  const [firstAgain, secondAgain] = [parseCertificate(der), parseCertificate(withSerial(2))];
  assert.ok(first.ok && second.ok && firstAgain.ok && secondAgain.ok);
  assert.equal(firstAgain.value, first.value);
  assert.notEqual(secondAgain.value, second.value);
});

test('a certificate that is large for one is not kept', () => {
  const large = createCa('x'.repeat(limits.knownCertificateOctets)).der;
  const [first, again] = [large, large].map((octets) => parseCertificate(octets));
  assert.ok(first?.ok && again?.ok);
  assert.notEqual(again.value, first.value);
});
