import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { Secret } from '../../../core/base/secret.ts';
import { seededRandom } from '../../../core/crypto/seeded-random.ts';
import { createEapPeer } from '../../../core/eap/create-eap-peer.ts';
import type { EapPeer, EapStep } from '../../../core/eap/peer.ts';
import { EapServer, type EapServerStep } from '../../../core/gateway/eap-server.ts';
import { encodeEapPacket } from '../../../core/wire/eap/eap-packet.ts';

const users = new Map([['alice', Secret.fromText('correct horse')]]);
const newServer = (seed = 1) => new EapServer({ users, random: seededRandom(seed) });

function play(server: EapServer, peer: EapPeer, password: string): { server: EapServerStep; peer: EapStep } {
  let said = server.start();
  for (;;) {
    let step = peer.handle(said.packet);
    if (step.kind === 'ask') step = peer.answer(Secret.fromText(password));
    if (step.kind !== 'respond') return { server: said, peer: step };
    said = server.handle(step.packet);
  }
}

describe('the EAP server', () => {
  it('comes to the same MSK as the peer', () => {
    const peer = createEapPeer({ identity: 'alice', random: seededRandom(2) });
    const end = play(newServer(), peer, 'correct horse');
    assert.ok(end.server.kind === 'success' && end.peer.kind === 'success');
    assert.equal(end.server.user, 'alice');
    assert.deepEqual(end.server.msk, end.peer.msk);
  });

  it('works for any identifier that it starts with', () => {
    for (let seed = 0; seed < 300; seed++) {
      const peer = createEapPeer({ identity: 'alice', random: seededRandom(2) });
      assert.equal(play(newServer(seed), peer, 'correct horse').peer.kind, 'success');
    }
  });

  it('refuses a proof for another name than the identity', () => {
    const server = newServer();
    const honest = createEapPeer({ identity: 'alice', random: seededRandom(2) });
    const first = server.start();
    const identity = encodeEapPacket({
      code: 'response',
      identifier: first.packet[1] ?? 0,
      type: 1,
      data: Buffer.from('root'),
    });
    honest.handle(first.packet);
    honest.handle(server.handle(identity).packet);
    const proof = honest.answer(Secret.fromText('correct horse'));
    assert.ok(proof.kind === 'respond');
    const verdict = server.handle(proof.packet);
    assert.equal(verdict.kind, 'request');
    const confirmed = honest.handle(verdict.packet);
    assert.equal(confirmed.kind === 'respond' && confirmed.failing?.code, 'auth.password');
    const end = confirmed.kind === 'respond' ? server.handle(confirmed.packet) : assert.fail();
    assert.equal(end.kind, 'failure');
  });

  it('ends on a Nak, a wrong identifier, and what comes after the end', () => {
    const answers = [
      { identifier: 0, type: 3, code: 'auth.eap-method' },
      { identifier: 1, type: 1, code: 'peer.misbehaved' },
      { identifier: 0, type: 26, code: 'peer.misbehaved' },
    ] as const;
    for (const { identifier, type, code } of answers) {
      const server = newServer();
      const id = ((server.start().packet[1] ?? 0) + identifier) & 0xff;
      const data = Uint8Array.of(3);
      const end = server.handle(encodeEapPacket({ code: 'response', identifier: id, type, data }));
      assert.equal(end.kind === 'failure' && end.error.code, code);
      assert.equal(end.packet[0], 4);
      const more = server.handle(encodeEapPacket({ code: 'response', identifier: id, type: 1, data }));
      assert.equal(more.kind, 'failure');
    }
  });

  it('never throws and lets nobody in on random packets', () => {
    const packet = fc.oneof(
      fc.uint8Array({ maxLength: 80 }),
      fc
        .tuple(fc.nat(3), fc.constantFrom(1, 2, 3, 26), fc.uint8Array({ maxLength: 70 }))
        .map(([ahead, type, data]) => ({ ahead, type, data })),
    );
    fc.assert(
      fc.property(fc.array(packet, { maxLength: 8 }), (packets) => {
        const server = newServer();
        let said = server.start();
        for (const each of packets) {
          const identifier = (said.packet[1] ?? 0) + ('ahead' in each ? each.ahead % 2 : 0);
          const octets =
            'ahead' in each
              ? encodeEapPacket({
                  code: 'response',
                  identifier: identifier & 0xff,
                  type: each.type,
                  data: each.data,
                })
              : each;
          said = server.handle(octets);
          assert.notEqual(said.kind, 'success');
        }
      }),
      { numRuns: 300 },
    );
  });
});
