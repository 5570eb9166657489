import * as z from 'zod';
import { formatIpPrefix, networkOf, parseIpAddress, parseIpPrefix } from '../base/address.ts';
import { limits } from '../base/limits.ts';
import { type ProposalUse, parseProposal } from '../crypto/proposals.ts';
import { findAlgorithm, refusedKeywords } from '../crypto/suites.ts';
import { authenticationSchema } from './authentication/authentication.ts';
import { rule } from './field-problem.ts';
import { identityText, text } from './fields.ts';
import { loginPlanFields, loginPlanProblems } from './login-plan.ts';
import { isHost, isHostName, quote } from './text-rules.ts';
import { trustSchema } from './trust.ts';

/**
 * The profile as it stands in its file. One value gives the checks, the type, and the JSON Schema that is published as
 * `docs/profile.schema.json`. Unknown fields are errors everywhere.
 */

const port = z
  .int(rule('whole-number'))
  .min(1, rule('range', { least: 1, most: 65535 }))
  .max(65_535, rule('range', { least: 1, most: 65535 }));
const lifetime = z
  .int(rule('whole-number'))
  .min(10, rule('range', { least: 10, most: 86400 }))
  .max(86_400, rule('range', { least: 10, most: 86400 }));

const seconds = z
  .int(rule('whole-number'))
  .min(1, rule('range', { least: 1, most: 3600 }))
  .max(3_600, rule('range', { least: 1, most: 3600 }));

const prefix = z.string().superRefine((value, context) => {
  const parsed = parseIpPrefix(value);
  if (!parsed.ok) {
    context.addIssue({
      code: 'custom',
      message: rule('prefix', { value: quote(value), why: parsed.error.reason }),
    });
    return;
  }
  const network = formatIpPrefix(networkOf(parsed.value));
  if (network !== formatIpPrefix(parsed.value)) {
    context.addIssue({
      code: 'custom',
      message: rule('prefix-host-bits', { value: quote(value), meant: network }),
    });
  }
});

const address = z.string().refine((value) => parseIpAddress(value).ok, rule('address'));
const onePerFamily = (texts: readonly string[]): boolean => {
  const families = texts.map((text) => text.includes(':'));
  return new Set(families).size === families.length;
};
const domain = z.string().refine(isHostName, rule('domain'));

const proposalList = (use: ProposalUse) =>
  z
    .array(
      z
        .string()
        .max(limits.profileTextCharacters, rule('too-long'))
        .superRefine((value, context) => {
          const proposal = parseProposal(value, use);
          if (!proposal.ok)
            context.addIssue({ code: 'custom', message: proposalRule(value, proposal.error.reason) });
        }),
    )
    .min(1, rule('too-few'))
    .max(limits.profileProposals, rule('too-many', { most: limits.profileProposals }));

/** An algorithm by itself is what is wrong most often. */
function proposalRule(value: string, why: string): string {
  const text = quote(value);
  const word = value.split('-').find((each) => each !== '' && findAlgorithm(each) === undefined);
  if (word === undefined) return rule('proposal', { value: text, why });
  const refused = refusedKeywords.get(word.toLowerCase());
  return refused === undefined
    ? rule('unknown-algorithm', { value: text, word: word.slice(0, 60) })
    : rule('weak-algorithm', { value: text, word, why: refused });
}

const dns = z.strictObject({
  use: z
    .boolean()
    .default(true)
    .meta({ description: 'Whether to change the DNS resolver of this computer.' }),
  servers: z
    .array(address)
    .min(1, rule('too-few'))
    .max(limits.dnsServersFromGateway, rule('too-many', { most: limits.dnsServersFromGateway }))
    .optional()
    .meta({
      description: 'DNS servers to use in place of those that the gateway names.',
      examples: [['10.1.0.53']],
    }),
  domains: z
    .array(domain)
    .max(limits.domainsFromGateway, rule('too-many', { most: limits.domainsFromGateway }))
    .default([])
    .meta({
      description: 'Only names in these domains are looked up through the tunnel. Default: all names.',
      examples: [['corp.example.org']],
    }),
});

/** Protocols that have a name here, by number. */
export const childProtocols = { icmp: 1, tcp: 6, udp: 17, icmpv6: 58, sctp: 132 } as const;
const protocolsWithPorts: readonly (string | number)[] = ['tcp', 'udp', 'sctp', 6, 17, 132];

const child = z
  .strictObject({
    networks: z
      .array(prefix)
      .min(1, rule('too-few'))
      .max(limits.profileNetworks, rule('too-many', { most: limits.profileNetworks }))
      .meta({ description: 'Networks behind the gateway.', examples: [['10.1.0.0/16']] }),
    protocol: z
      .union(
        [
          z.enum(['icmp', 'tcp', 'udp', 'icmpv6', 'sctp']),
          z
            .int(rule('whole-number'))
            .min(1, rule('range', { least: 1, most: 255 }))
            .max(255, rule('range', { least: 1, most: 255 })),
        ],
        rule('protocol'),
      )
      .optional()
      .meta({ description: 'Only this protocol. Default: all.', examples: ['tcp'] }),
    ports: z
      .string()
      .refine((value) => parsePorts(value) !== undefined, rule('port'))
      .optional()
      .meta({ description: "Only these ports on the gateway's side. Default: all.", examples: ['22'] }),
  })
  .refine(({ ports, protocol }) => ports === undefined || protocolsWithPorts.includes(protocol ?? ''), {
    message: rule('ports-without-protocol'),
  });

/** One port or a range; `undefined` when it is neither. */
export function parsePorts(text: string): { readonly first: number; readonly last: number } | undefined {
  const match = /^(\d{1,5})(?:-(\d{1,5}))?$/.exec(text);
  if (match === null) return undefined;
  const first = Number(match[1]);
  const last = Number(match[2] ?? match[1]);
  return first <= last && last <= 65_535 ? { first, last } : undefined;
}

export const profileSchema = z
  .strictObject({
    $schema: z.string().max(limits.profilePathCharacters).optional().meta({
      description: 'For editors: where the JSON Schema lies. Godwit does not read it.',
    }),
    name: text(limits.profileNameCharacters).meta({
      description: 'What you call this connection.',
      examples: ['Office'],
    }),
    gateway: z
      .string()
      .refine(isHost, rule('host'))
      .meta({
        description: 'Host name or IP address of the gateway.',
        examples: ['vpn.example.org'],
      }),
    gateways: z
      .strictObject({
        others: z
          .array(z.string().refine(isHost, rule('host')))
          .max(limits.gatewaysOfProfile - 1, rule('too-many', { most: limits.gatewaysOfProfile - 1 }))
          .default([])
          .meta({
            description: 'Host names or IP addresses of further gateways that serve as well as `gateway`.',
            examples: [['vpn2.example.org']],
          }),
        choose: z.enum(['in-order', 'fastest']).default('in-order').meta({
          description:
            'in-order: each is tried when those before it failed. fastest: all are asked, and the first to answer is taken.',
        }),
      })
      .prefault({})
      .meta({ description: 'More than one gateway.' }),
    ikePort: port.default(500).meta({ description: 'UDP port of the gateway for the first messages.' }),
    natTraversalPort: port.default(4500).meta({
      description: 'UDP port of the gateway for all messages after the first, and for the traffic.',
    }),
    remoteIdentity: identityText
      .nullable()
      .optional()
      .meta({
        description:
          'The name that the certificate of the gateway must have, which is also asked for (IDr). Default: the gateway. null: ask for no name; the certificate must then have the name in `gateway`.',
        examples: ['vpn.example.org', null],
      }),
    localIdentity: identityText.optional().meta({
      description:
        'The identity shown to the gateway before the login (IDi). Default: the user name; with a certificate, its first name or its subject. A prefix says what it is: fqdn:, email:, ipv4:, ipv6:, keyid:, asn1dn:.',
      examples: ['alice@example.org'],
    }),
    authentication: authenticationSchema,
    ...loginPlanFields,
    trust: trustSchema.optional().meta({ description: 'Who may vouch for the gateway.' }),
    remoteNetworks: z
      .array(prefix)
      .min(1, rule('too-few-networks'))
      .max(limits.profileNetworks, rule('too-many', { most: limits.profileNetworks }))
      .optional()
      .meta({
        description: 'Networks behind the gateway. Default: everything goes through the tunnel.',
        examples: [['10.0.0.0/8', 'fd00:1::/48']],
      }),
    children: z
      .array(child)
      .min(1, rule('too-few'))
      .max(limits.childWishes, rule('too-many', { most: limits.childWishes }))
      .optional()
      .meta({
        description:
          'Several CHILD SAs, each with networks of its own and perhaps for one protocol alone, in place of `remoteNetworks`.',
        examples: [
          [{ networks: ['10.1.0.0/16'] }, { networks: ['10.2.0.0/16'], protocol: 'tcp', ports: '22' }],
        ],
      }),
    childless: z.boolean().default(false).meta({
      description:
        'Log in first and make the CHILD SA afterwards, with a key exchange of its own, where the gateway can do that (RFC 6023).',
    }),
    requestedAddresses: z
      .array(address)
      .min(1, rule('too-few'))
      .max(2, rule('too-many', { most: 2 }))
      .refine(onePerFamily, rule('one-per-family'))
      .optional()
      .meta({
        description: 'Inner addresses to ask for. The gateway may give others. Default: its choice.',
        examples: [['10.3.0.7']],
      }),
    onlyGatewaySubnets: z.boolean().default(false).meta({
      description:
        'Whether to send only the subnets through the tunnel that the gateway names, when it names any.',
    }),
    proposals: z
      .strictObject({
        ike: proposalList('ike')
          .optional()
          .meta({ description: 'For the IKE SA.', examples: [['aes256gcm16-prfsha384-ecp384']] }),
        esp: proposalList('esp')
          .optional()
          .meta({ description: 'For the traffic.', examples: [['aes256gcm16', 'aes256-sha256']] }),
      })
      .prefault({})
      .meta({
        description:
          "Algorithms to offer, best first, in strongSwan's notation. Default: what Godwit knows to be sound.",
      }),
    dns: dns.prefault({}).meta({ description: 'What to do with DNS.' }),
    mtu: z
      .union(
        [
          z.literal('auto'),
          z
            .int(rule('whole-number'))
            .min(1_280, rule('range', { least: 1280, most: 1500 }))
            .max(1_500, rule('range', { least: 1280, most: 1500 })),
        ],
        rule('mtu'),
      )
      .default('auto')
      .meta({
        description:
          'Largest packet inside the tunnel, in octets. auto: what fits the path is measured, again and again.',
        examples: ['auto', 1_400],
      }),
    workerPairs: z
      .union(
        [
          z.literal('auto'),
          z
            .int(rule('whole-number'))
            .min(1, rule('range', { least: 1, most: limits.workerPairs }))
            .max(limits.workerPairs, rule('range', { least: 1, most: limits.workerPairs })),
        ],
        rule('worker-pairs', { most: limits.workerPairs }),
      )
      .default('auto')
      .meta({
        description:
          'Pairs of threads that may share the traffic at most, each with CHILD SAs of its own: when there is much, and while processors are idle. auto: half as many as there are processors, for a gateway that announces RFC 9611; a number: for any gateway.',
        examples: ['auto', 2],
      }),
    livenessSeconds: seconds
      .default(10)
      .meta({ description: 'Seconds of silence after which the gateway is asked whether it is there.' }),
    rekey: z
      .strictObject({
        childSeconds: lifetime.default(3_600).meta({ description: 'Lifetime of the keys of the traffic.' }),
        ikeSeconds: lifetime.default(14_400).meta({ description: 'Lifetime of the keys of the IKE SA.' }),
        earlySeconds: z
          .int(rule('whole-number'))
          .min(0, rule('range', { least: 0, most: 3600 }))
          .max(3_600, rule('range', { least: 0, most: 3600 }))
          .default(30)
          .meta({
            description: 'So long after the login the first rekey tests whether it works; 0 for none.',
          }),
      })
      .prefault({})
      .meta({ description: 'When keys are replaced; each well before its lifetime ends.' }),
    inactivity: z
      .strictObject({
        seconds: z
          .int(rule('whole-number'))
          .min(5, rule('range', { least: 5, most: 604800 }))
          .max(604_800, rule('range', { least: 5, most: 604800 }))
          .meta({ description: 'So long must nothing have gone through.', examples: [900] }),
        action: z.enum(['sleep', 'disconnect']).default('sleep').meta({
          description:
            'sleep: the CHILD SA is deleted, you stay logged in, and the next packet brings a new one. disconnect: the connection ends.',
        }),
      })
      .optional()
      .meta({ description: 'What happens when nobody uses the tunnel. Default: nothing.' }),
    reconnect: z.boolean().default(true).meta({
      description: 'A connection that is lost is made again; traffic of the tunnel is held back meanwhile.',
    }),
    followRedirects: z.boolean().default(true).meta({
      description:
        'Whether the gateway may send us to another one, which must prove the same identity as this one.',
    }),
    allowNat: z.boolean().default(true).meta({
      description: 'Whether a NAT may stand between this computer and the gateway (RFC 4555, 3.9).',
    }),
    keepaliveSeconds: z
      .union([z.literal('auto'), seconds], rule('keepalive'))
      .default('auto')
      .meta({
        description:
          'Seconds of silence after which a packet is sent to keep NAT routers from forgetting us. auto: only behind one, and as seldom as it allows.',
        examples: ['auto', 20],
      }),
  })
  .superRefine((document, context) => {
    for (const { field, problem } of loginPlanProblems(document))
      context.addIssue({ code: 'custom', path: [field], message: rule(problem) });
  })
  .refine(({ remoteNetworks, children }) => remoteNetworks === undefined || children === undefined, {
    message: rule('networks-or-children'),
    path: ['children'],
  })
  .meta({ title: 'Godwit profile', description: 'How to reach and to log in to one IKEv2 gateway.' });

/** What the file says, with the simple defaults filled in. */
export type ProfileDocument = z.output<typeof profileSchema>;

/** The published JSON Schema (draft 2020-12), as a plain value. */
export function profileJsonSchema(): Record<string, unknown> {
  return { ...z.toJSONSchema(profileSchema, { io: 'input' }) };
}
