import assert from 'node:assert/strict';
import { test } from 'node:test';
import { checkDomains } from '../../../../../core/platform/linux/dns/domain-names.ts';

test('domain names are taken, lower case and once', () => {
  const names = [
    'Corp.Example.',
    'corp.example',
    'a-b.example',
    '_tcp.example',
    'local',
    'xn--bcher-kva.example',
  ];
  assert.deepEqual(checkDomains(names), {
    domains: ['corp.example', 'a-b.example', '_tcp.example', 'local', 'xn--bcher-kva.example'],
    refused: 0,
  });
});

test('what could carry a line or an option into a file is refused', () => {
  const names = [
    'corp.example\nnameserver 192.0.2.66',
    'corp.example options',
    '',
    '.',
    'a..b',
    '-a.example',
    'a-.example',
    `${'a'.repeat(64)}.example`,
    'a.'.repeat(129),
    'bücher.example',
    '$(reboot)',
  ];
  assert.deepEqual(checkDomains(names), { domains: [], refused: names.length });
});
