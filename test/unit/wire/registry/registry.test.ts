import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as authentication from '../../../../core/wire/registry/authentication.ts';
import * as config from '../../../../core/wire/registry/config-attributes.ts';
import * as eap from '../../../../core/wire/registry/eap-types.ts';
import * as exchanges from '../../../../core/wire/registry/exchange-types.ts';
import * as notifies from '../../../../core/wire/registry/notify-types.ts';
import * as payloads from '../../../../core/wire/registry/payload-types.ts';
import * as protocols from '../../../../core/wire/registry/protocols.ts';
import { nameOf, registeredName } from '../../../../core/wire/registry/registry.ts';
import * as transforms from '../../../../core/wire/registry/transforms.ts';

test('a number prints as its name, or as itself', () => {
  assert.equal(nameOf(exchanges.exchangeType, 35), 'IKE_AUTH');
  assert.equal(nameOf(exchanges.exchangeType, 250), '250/0xfa');
  assert.equal(registeredName(exchanges.exchangeType, 250), undefined);
  assert.equal(nameOf(notifies.notifyType, 12345), 'MS_STATUS');
});

test('transform ids are named by their type, additional key exchanges as key exchanges', () => {
  assert.equal(nameOf(transforms.transformIds(1), 20), 'AES_GCM_16');
  assert.equal(nameOf(transforms.transformIds(4), 31), 'CURVE25519');
  assert.equal(nameOf(transforms.transformIds(6), 36), 'ML_KEM_768');
  assert.equal(nameOf(transforms.transformIds(99), 1), '1/0x1');
});

test('errors and statuses part at 16384', () => {
  assert.equal(notifies.isErrorNotify(notifies.notifyType.MS_STATUS), true);
  assert.equal(notifies.isErrorNotify(16383), true);
  assert.equal(notifies.isErrorNotify(notifies.notifyType.INITIAL_CONTACT), false);
});

test('no number has two names in one registry', () => {
  const modules = { authentication, config, eap, exchanges, notifies, payloads, protocols, transforms };
  for (const [file, exports] of Object.entries(modules)) {
    for (const [name, registry] of Object.entries(exports)) {
      if (typeof registry !== 'object') continue;
      const numbers = Object.values(registry);
      assert.equal(new Set(numbers).size, numbers.length, `${file} ${name}`);
    }
  }
});
