import assert from 'node:assert/strict';
import { after, describe, test } from 'node:test';
import { explain } from '../../../core/base/errors.ts';
import { nodeCryptoProvider } from '../../../core/crypto/node/node-crypto-provider.ts';
import { parseIdentity } from '../../../core/pki/identity.ts';
import { formatPin, type Pin, parsePin } from '../../../core/pki/pin.ts';
import { judgeServerCertificate } from '../../../core/pki/server-certificate.ts';
import { readTrust } from '../../../core/pki/trust.ts';
import { certificateMaker, keyIds, type Made, type Wish } from './certificate-maker.ts';

const maker = certificateMaker();
after(() => maker.clean());

// An hour later than the certificates are made, since their dates have whole seconds.
const now = Date.now() + 3_600_000;
const name = 'vpn.example.com';
const root = maker.make({ subject: '/CN=Root' });
const good = leaf();

function leaf(wish: Partial<Wish> = {}): Made {
  const extensions = [`subjectAltName=DNS:${name}`, 'extendedKeyUsage=serverAuth', ...keyIds];
  return maker.make({ subject: `/CN=${name}`, by: root, extensions, ...wish });
}

function identity(text: string) {
  const parsed = parseIdentity(text);
  assert.ok(parsed.ok);
  return parsed.value;
}

describe('a pin', () => {
  const other = leaf();
  const parsed = readTrust([good.der]).anchors;
  const hash = nodeCryptoProvider().hash;
  const pinOf = (kind: 'certificate' | 'key', from = parsed) => {
    const [certificate] = from;
    assert.ok(certificate);
    const pin = parsePin(formatPin(certificate, kind, hash));
    assert.ok(pin.ok);
    return pin.value;
  };
  const judgePinned = (chain: readonly Made[], pins: readonly Pin[], anchors: readonly Made[] = []) =>
    judgeServerCertificate(
      {
        chain: chain.map(({ der }) => der),
        trust: readTrust(
          anchors.map(({ der }) => der),
          pins,
        ),
        expected: identity(name),
        at: now,
      },
      nodeCryptoProvider(),
    );

  test('of the certificate or its key stands for a CA', () => {
    assert.ok(judgePinned([good], [pinOf('certificate')]).ok);
    assert.ok(judgePinned([good], [pinOf('key')]).ok);
    const renewed = leaf({ keyOf: good });
    assert.ok(judgePinned([renewed], [pinOf('key')]).ok, 'a new certificate with the same key');
    const verdict = judgePinned([renewed], [pinOf('certificate')]);
    assert.ok(!verdict.ok);
  });
  test('refuses another certificate, and says what to pin in its place', () => {
    const verdict = judgePinned([other], [pinOf('certificate'), pinOf('key')]);
    assert.ok(!verdict.ok);
    assert.equal(verdict.error.code, 'certificate.pin');
    const { what } = explain(verdict.error);
    const [, shown = ''] = /fingerprint (certificate-sha256:[0-9a-f]{64}),/.exec(what) ?? [];
    const pin = parsePin(shown);
    assert.ok(pin.ok);
    assert.ok(judgePinned([other], [pin.value]).ok);
  });
  test('beside a CA: both must hold, and the CA itself may be pinned', () => {
    assert.ok(judgePinned([good], [pinOf('key', readTrust([root.der]).anchors)], [root]).ok);
    assert.equal(judgePinned([good], [pinOf('key')], [other]).ok, false);
    assert.equal(judgePinned([other], [pinOf('key')], [root]).ok, false);
  });
  test('takes the place of the chain alone: dates and names still count', () => {
    const late = leaf({ days: -1 });
    const pins = [pinOf('certificate', readTrust([late.der]).anchors)];
    const verdict = judgePinned([late], pins);
    assert.equal(verdict.ok ? '' : verdict.error.code, 'certificate.expired');
  });
  test('without pins and anchors nobody is trusted', () => assert.ok(!judgePinned([good], []).ok));
  test('is read in hex, with colons, and in base64', () => {
    const hex = '0a'.repeat(32);
    const colons = `key-sha256:${'0A:'.repeat(32).slice(0, -1)}`;
    const base64 = `key-sha256:${Buffer.from(hex, 'hex').toString('base64')}`;
    for (const text of [`certificate-sha256:${hex}`, colons, base64]) {
      const pin = parsePin(text);
      assert.ok(pin.ok && pin.value.sha256.every((octet) => octet === 10), text);
    }
    for (const text of [
      '',
      'key-sha256:',
      'key-sha256:0a',
      `sha256:${hex}`,
      `key-sha1:${hex}`,
      `key-sha256:${hex}00`,
    ])
      assert.equal(parsePin(text).ok, false, text);
  });
});
