import assert from 'node:assert/strict';
import { test } from 'node:test';
import { stripVTControlCharacters } from 'node:util';
import pc from 'picocolors';
import { failure } from '../../../core/base/errors.ts';
import { describeTunnel } from '../../../core/cli/describe-tunnel.ts';
import type { ReconnectingTunnel } from '../../../core/rpc/values.ts';

const now = 1_760_000_060_000;
const lost: ReconnectingTunnel = {
  state: 'reconnecting',
  profile: { name: 'Office', gateway: 'vpn.example.org' },
  since: now - 30_000,
  cause: failure('peer.dead'),
  tries: 4,
  nextTryAt: now + 8_000,
};

function text(tunnel: ReconnectingTunnel): string {
  return stripVTControlCharacters(describeTunnel(tunnel, now, pc.createColors(false)).join('\n'));
}

test('while reconnecting a reader sees why, since when, how often, and when next', () => {
  const shown = text({ ...lost, lastFailure: failure('gateway.unresolved', { gateway: 'vpn.example.org' }) });
  for (const part of [
    'Reconnecting to Office',
    '30.0 s ago): The gateway no longer answers.',
    'The name vpn.example.org has no address.',
    '4 times',
    'in 8.0 s, or when the network changes',
    'held back',
  ])
    assert.ok(shown.includes(part), `${part}\n${shown}`);
});

test('a try that is under way has no time of the next one', () => {
  const { nextTryAt: _, ...trying } = lost;
  assert.match(text({ ...trying, phase: 'init' }), /try 4 is under way, in the phase init/);
});
