import type { Invariant } from './violation.ts';

/** A rule broken on purpose: a text of the engine's source that is replaced, and by which invariants that may be seen. */
export interface Mutation {
  readonly name: string;
  readonly file: string;
  /** Must occur in the file exactly once. */
  readonly find: string;
  readonly replace: string;
  readonly seenBy: readonly Invariant[];
}

export const mutations: readonly Mutation[] = [
  {
    name: 'a retransmission is changed by a bit',
    file: 'core/ike/exchange.ts',
    find: 'this.#send(outstanding, outstanding.sent.again());',
    replace:
      'this.#send(outstanding, outstanding.sent.again().map((octets) => octets.map((octet, at) => (at === octets.length - 1 ? octet ^ 1 : octet))));',
    seenBy: ['retransmission', 'exception'],
  },
  {
    name: 'the kept response is not kept, and a repeated request is answered anew',
    file: 'core/ike/peer-window.ts',
    find: 'if (this.#lastResponse !== undefined && messageId === this.#nextId - 1) {',
    replace:
      'if (messageId === this.#nextId - 1) this.#nextId -= 1;\n    if (this.#lastResponse && this.#nextId < 0) {',
    seenBy: ['retransmission'],
  },
  {
    name: 'requests do not wait for the answer to the one before',
    file: 'core/ike/exchange.ts',
    find: 'if (this.#outstanding !== undefined || this.#protection === undefined) return;\n    const next',
    replace: 'if (this.#protection === undefined) return;\n    const next',
    seenBy: ['window'],
  },
  {
    name: 'message IDs rise by two',
    file: 'core/ike/exchange.ts',
    find: 'const messageId = this.#nextId;\n    this.#nextId += 1;',
    replace: 'const messageId = this.#nextId;\n    this.#nextId += 2;',
    seenBy: ['message-id', 'liveness'],
  },
  {
    name: 'there are only eight inbound SPIs',
    file: 'core/ike/tasks/child-create.ts',
    find: 'const octets = random.octets(4);',
    replace: 'const octets = Uint8Array.of(1, 2, 3, (random.octets(1)[0] ?? 0) & 7);',
    seenBy: ['spi-reuse'],
  },
  {
    name: 'the counter of IVs stands still',
    file: 'core/ike/protection.ts',
    find: 'counterIv(cipher.ivOctets, sent++)',
    replace: 'counterIv(cipher.ivOctets, sent)',
    seenBy: ['iv-reuse'],
  },
  {
    name: 'keys are not wiped at the end',
    file: 'core/ike/association.ts',
    find: 'wipeIkeKeys(association.keys);',
    replace: '',
    seenBy: ['keys-not-wiped'],
  },
  {
    name: 'ciphers are not wiped at the end',
    file: 'core/ike/protection.ts',
    find: 'inbound.wipe();',
    replace: '',
    seenBy: ['keys-not-wiped'],
  },
  {
    name: 'a closed engine wants to be woken',
    file: 'core/ike/ike-sa.ts',
    find: "if (this.#state.kind === 'closed') return;",
    replace: "if (this.#state.kind === 'closed') { this.nextWakeup = () => 1e9; return; }",
    seenBy: ['closed-engine'],
  },
  {
    name: 'a closed engine goes on talking',
    file: 'core/ike/ike-sa.ts',
    find: "if (this.#state.kind === 'closed') return;",
    replace: "if (this.#state.kind === 'closed') { this.#outputs.push({ kind: 'proven' }); return; }",
    seenBy: ['closed-engine'],
  },
  {
    name: 'silence of the gateway is never noticed',
    file: 'core/ike/tasks/liveness.ts',
    find: 'const dueAt = after(at, this.#quietMs);',
    replace: 'const dueAt = after(at, 1e9);',
    seenBy: ['liveness', 'leftover'],
  },
  {
    name: 'a request is sent again without an end',
    file: 'core/ike/retransmission.ts',
    find: "if (this.#sent >= this.#tries) return 'give-up';",
    replace: '',
    seenBy: ['liveness', 'timer', 'endless'],
  },
  {
    name: 'a wake-up is not taken off',
    file: 'core/ike/retransmission.ts',
    find: 'this.#sent += 1;',
    replace: "this.#sent += 1;\n    return 'send';",
    seenBy: ['timer', 'endless'],
  },
  {
    name: 'the engine looks at the clock itself',
    file: 'core/base/time.ts',
    find: 'return (start + wait) as Instant;',
    replace: 'return (start + wait + 0 * Date.now()) as Instant;',
    seenBy: ['outside'],
  },
  {
    name: 'the keys of the two directions are mixed up',
    file: 'core/ike/tasks/child-create.ts',
    find: 'key: keys.responder }',
    replace: 'key: { ...keys.responder, salt: keys.initiator.salt } }',
    seenBy: ['keys-differ'],
  },
  {
    name: 'a CHILD SA stays in the data plane at the end',
    file: 'core/ike/ending.ts',
    find: "if (state.kind === 'established') removeChildren(engine, state);",
    replace: '',
    seenBy: ['data-plane'],
  },
  {
    name: 'the engine ends without a reason',
    file: 'core/ike/ending.ts',
    find: "engine.emit({ kind: 'closed', ...(error === undefined ? {} : { error }) });",
    replace: "engine.emit({ kind: 'closed' });",
    seenBy: ['unnamed-end'],
  },
  {
    name: 'damaged octets throw',
    file: 'core/ike/exchange.ts',
    find: "if (!decoded.ok) return this.#drop('malformed');",
    replace: "if (!decoded.ok) throw new Error('malformed');",
    seenBy: ['exception'],
  },
  {
    name: 'the IKE SA is used after its deletion',
    file: 'core/ike/ending.ts',
    find: 'return next.links.some(({ exchange }) => exchange.busy) ? next : close(engine, next, next.error);',
    replace: 'next.links[0].exchange.request(37, [], now);\n  return next;',
    seenBy: ['removed-sa', 'liveness', 'endless'],
  },
  {
    name: 'a rekeyed CHILD SA is removed before its peer stops sending on it',
    file: 'core/ike/child-rekeying.ts',
    find: 'deleteChild(state, old);\n  reportChild(engine, state, child);',
    replace:
      "state.todo.push({ kind: 'delete-child', child: old.inboundSpi });\n  removeChild(engine, state, old);\n  reportChild(engine, state, child);",
    seenBy: ['make-before-break'],
  },
  {
    name: 'in a collision the wrong side gives way',
    file: 'core/ike/child-rekeying.ts',
    find: 'collision !== undefined && losesCollision(',
    replace: 'collision !== undefined && !losesCollision(',
    seenBy: ['leftover'],
  },
  {
    name: 'the CHILD SA that the gateway made is never sent on',
    file: 'core/ike/child-install.ts',
    find: "engine.emit({ kind: 'child-switch-outbound', inboundSpi: child.inboundSpi });",
    replace: '',
    seenBy: ['make-before-break', 'liveness'],
  },
  {
    name: 'message IDs go on after a rekey of the IKE SA',
    file: 'core/ike/exchange.ts',
    find: 'this.#originalInitiator = originalInitiator;',
    replace: 'this.#originalInitiator = originalInitiator;\n    this.#nextId = 7;',
    seenBy: ['message-id'],
  },
  {
    name: 'fragments are too large for the path',
    file: 'core/ike/fragments/fragment-sizes.ts',
    find: '4: [1280, 1024, 576]',
    replace: '4: [1500, 1024, 576]',
    seenBy: ['liveness'],
  },
  {
    name: 'the SAs of a login that was replaced go before late packets have come',
    file: 'core/tunnel/drive-engine.ts',
    find: "change.kind === 'child-remove' && course.retiring.has(attempt)",
    replace: 'false',
    seenBy: ['make-before-break'],
  },
  {
    name: 'the login that is to follow begins after the end of the one before',
    file: 'core/tunnel/renewal.ts',
    find: 'attempt.endsAt - leadOf(',
    replace: 'attempt.endsAt + leadOf(',
    seenBy: ['make-before-break'],
  },
  {
    name: 'what is for a second login goes to the first',
    file: 'core/tunnel/connection.ts',
    find: 'engine?.owns(octets)',
    replace: 'engine === undefined && octets.length > 0',
    seenBy: ['make-before-break', 'liveness'],
  },
  {
    name: 'a connection that is lost is given up',
    file: 'core/tunnel/leaving.ts',
    find: 'if (stood && cause !== undefined && mayReconnect(cause)) return lose(course, cause, now);',
    replace: '',
    seenBy: ['liveness'],
  },
  {
    name: 'the second try to reconnect never comes',
    file: 'core/tunnel/reconnect-policy.ts',
    find: 'this.#nextTryAt = after(now, waitBefore(this.#rung, random));',
    replace: 'this.#nextTryAt = after(now, this.#rung > 1 ? 1e9 : 0);',
    seenBy: ['liveness'],
  },
  {
    name: 'an engine that is not needed any more is forgotten without a word',
    file: 'core/tunnel/dismiss.ts',
    find: "engine.handle({ kind: 'command', command: { kind: command } }, now);",
    replace: '',
    seenBy: ['keys-not-wiped'],
  },
  {
    name: 'scouts are forgotten when the race is over',
    file: 'core/tunnel/race.ts',
    find: "attempt.engine?.handle({ kind: 'command', command: { kind: 'abandon' } }, now);",
    replace: '',
    seenBy: ['keys-not-wiped'],
  },
  {
    name: 'no other address is asked while the first is silent',
    file: 'core/tunnel/race.ts',
    find: 'due !== undefined && due <= now;',
    replace: 'due !== undefined && due < 0;',
    seenBy: ['timer', 'endless', 'liveness'],
  },
];
