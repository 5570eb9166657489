import { explain } from '../../../core/base/errors.ts';
import { Godwit } from '../../support/peers/godwit.ts';
import type { ClientConfig, GatewayConfig, InteropCase } from '../case.ts';
import { type UserCertificateName, userMail } from '../certificates.ts';
import { patienceMs, within } from '../stage.ts';
import { hasTokenTools, testToken, tokenModule, tokenPin } from '../token.ts';

const gateway: GatewayConfig = {
  remote: ({ roots }) => ({ auth: 'pubkey', id: '%any', cacerts: [roots.ec.der, roots.rsa.der] }),
  load: async (peer, { roots }) => {
    for (const root of [roots.ec, roots.rsa]) await peer.loadCertificate(root, 'CA');
  },
};

/** What lies on the token, under these labels. */
export const onToken = ['ec-p256', 'rsa'] as const satisfies readonly UserCertificateName[];

function client(object: string, further: ClientConfig = {}): ClientConfig {
  return {
    pin: tokenPin,
    profile: () => {
      const certificate = { pkcs11: `pkcs11:token=Card;object=${object}`, pkcs11Module: tokenModule };
      return { authentication: { method: 'certificate', certificate } };
    },
    ...further,
  };
}

const theme = 'tokens' as const;

const cases: readonly InteropCase[] = [
  ...onToken.map((name) => ({
    name: `a certificate on a token: ${name}`,
    theme,
    gateway,
    client: client(name),
    expect: { up: true, user: userMail } as const,
  })),
  {
    name: 'a wrong PIN',
    theme,
    gateway,
    client: client('ec-p256', { pin: 'not the PIN of the card' }),
    expect: { up: false, failure: 'token.pin' },
  },
  {
    name: 'a certificate that the token does not have',
    theme,
    gateway,
    client: client('another'),
    expect: { up: false, failure: 'token.no-certificate' },
  },
  {
    name: 'a token that is pulled out: the connection stays, the next login says what is missing',
    theme,
    gateway,
    client: client('ec-p256'),
    expect: { up: true, user: userMail },
    endsTunnel: true,
    alone: true,
    during: async ({ gateway: peer, client: godwit }) => {
      if (!(godwit instanceof Godwit)) return [];
      testToken().pullOut();
      try {
        const before = (await godwit.snapshot()).tunnel.state;
        if (before !== 'connected') return [`${before} when the token was pulled out`];
        await peer.vici.must('terminate', { ike: 'gateway', timeout: String(patienceMs) });
        let failure = 'none';
        let words = '';
        await within(patienceMs, async () => {
          const { tunnel } = await godwit.snapshot();
          if (tunnel.state === 'disconnected' && tunnel.lastFailure !== undefined) {
            failure = tunnel.lastFailure.code;
            words = explain(tunnel.lastFailure).what;
          }
          return tunnel.state === 'disconnected';
        });
        if (failure !== 'token.removed') return [`ends with ${failure}, expected token.removed`];
        return words.includes('Card') ? [] : [`the user reads "${words}"`];
      } finally {
        testToken().putBack();
      }
    },
  },
];

export const tokenCases: readonly InteropCase[] = hasTokenTools() ? cases : [];
