import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { fromHex, toHex } from '../../../core/base/octets.ts';
import { utf8 } from '../../../core/base/utf8.ts';
import {
  authenticatorResponse,
  challengeHash,
  ntPasswordHash,
  ntResponse,
} from '../../../core/eap/mschapv2/challenge-response.ts';
import { masterKey, mschapv2Msk, startKeys } from '../../../core/eap/mschapv2/master-keys.ts';
import { utf16LePassword } from '../../../core/eap/mschapv2/password.ts';

const vector: Record<string, string> = JSON.parse(
  readFileSync(new URL('../../vectors/mschapv2/rfc2759-rfc3079.json', import.meta.url), 'utf8'),
);
const text = (name: string): string => vector[name] ?? assert.fail(`no ${name} in the vector`);
const octets = (name: string): Uint8Array => fromHex(text(name));

const input = {
  authenticatorChallenge: octets('authenticatorChallenge'),
  peerChallenge: octets('peerChallenge'),
  userName: utf8.encode(text('userName')),
  passwordHash: octets('passwordHash'),
};

describe('MSCHAPv2 functions, RFC 2759 9.2', () => {
  it('hashes the password', () => {
    const password = utf16LePassword(utf8.encode(text('password')));
    assert.equal(toHex(password), text('passwordUtf16Le'));
    assert.equal(toHex(ntPasswordHash(password)), text('passwordHash'));
    assert.equal(toHex(ntPasswordHash(input.passwordHash)), text('passwordHashHash'));
  });

  it('derives challenge, response and authenticator response', () => {
    assert.equal(toHex(challengeHash(input)), text('challenge'));
    const response = ntResponse(input);
    assert.equal(toHex(response), text('ntResponse'));
    const proof = toHex(authenticatorResponse(input, response)).toUpperCase();
    assert.equal(`S=${proof}`, text('authenticatorResponse'));
  });

  it('leaves the domain out of the challenge hash and keeps a realm', () => {
    const withDomain = { ...input, userName: utf8.encode('BIGCO\\User') };
    assert.equal(toHex(challengeHash(withDomain)), text('challenge'));
    const withRealm = { ...input, userName: utf8.encode('User@bigco.example') };
    assert.notEqual(toHex(challengeHash(withRealm)), text('challenge'));
  });
});

describe('MSCHAPv2 keys, RFC 3079 3.5.3', () => {
  it('derives the master key and the start keys', () => {
    const master = masterKey(input.passwordHash, octets('ntResponse'));
    assert.equal(toHex(master), text('masterKey'));
    assert.equal(toHex(startKeys(master).clientReceive), text('serverSendStartKey128'));
  });

  it('puts the server’s receive key first in an MSK of 64 octets', () => {
    const msk = mschapv2Msk(input.passwordHash, octets('ntResponse'));
    const { clientSend, clientReceive } = startKeys(octets('masterKey'));
    assert.equal(toHex(msk), toHex(clientSend) + toHex(clientReceive) + '00'.repeat(32));
  });
});

describe('a password as UTF-16LE', () => {
  for (const password of ['', 'geheim', 'pässwörd', '密码パス', '🐦 godwit 𝄞', '￿￾']) {
    it(`is the same as the platform’s for ${JSON.stringify(password)}`, () => {
      const expected = Buffer.from(password, 'utf16le').toString('hex');
      assert.equal(toHex(utf16LePassword(utf8.encode(password))), expected);
    });
  }

  for (const broken of ['ff', 'c3', 'c080', 'eda080', 'f8808080', 'f4908080', 'e28261']) {
    it(`replaces invalid UTF-8 (${broken}) and does not throw`, () => {
      const units = toHex(utf16LePassword(fromHex(broken)));
      assert.match(units, /fdff/);
    });
  }
});
