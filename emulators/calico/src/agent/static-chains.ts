import {ENTRIES, MARK, type Table} from './tables.js';

type NamedChain = [string, string[]];

const ACCEPTED = `-m mark --mark ${MARK.accept}/${MARK.accept}`;
const HOST_POLICY_ACCEPTED = `-m comment --comment "Host endpoint policy accepted packet." ${ACCEPTED} --jump ACCEPT`;
const clear = (bits: string) => `--jump MARK --set-mark 0/${bits}`;

/** What a host endpoint's policy can never block, by Felix's defaults. */
const FAILSAFE_IN = ['tcp:22', 'udp:68'];
const FAILSAFE_OUT = ['tcp:2379', 'tcp:2380', 'tcp:4001', 'tcp:7001', 'udp:53', 'udp:67'];
/** ICMPv6 that containers send to their router: multicast listeners, router solicitation, neighbours. */
const ROUTER_ICMPV6 = [130, 131, 132, 133, 135, 136];

/** The chains of the filter table that depend on no endpoint, for IPv4 or IPv6. */
export function staticFilterChains(version: 4 | 6, endpointToHost = 'DROP'): NamedChain[] {
  const action = ['ACCEPT', 'RETURN'].includes(endpointToHost.toUpperCase()) ? endpointToHost.toUpperCase() : 'DROP';
  return [
    [
      'cali-FORWARD',
      [
        '--in-interface cali+ --jump cali-from-wl-dispatch',
        '--out-interface cali+ --jump cali-to-wl-dispatch',
        '--in-interface cali+ --jump ACCEPT',
        '--out-interface cali+ --jump ACCEPT',
        clear('0xe000000'),
        `-m mark --mark 0/${MARK.accept} --jump cali-from-host-endpoint`,
        '--jump cali-to-host-endpoint',
        HOST_POLICY_ACCEPTED,
      ],
    ],
    [
      'cali-INPUT',
      [
        `${ACCEPTED} --jump ACCEPT`,
        '--in-interface cali+ --goto cali-wl-to-host',
        clear(MARK.all),
        '--jump cali-from-host-endpoint',
        HOST_POLICY_ACCEPTED,
      ],
    ],
    [
      'cali-wl-to-host',
      [
        ...(version === 4 ? [] : ROUTER_ICMPV6.map((type) => `-p 58 -m icmp6 --icmpv6-type ${type} --jump ACCEPT`)),
        '--jump cali-from-wl-dispatch',
        `-m comment --comment "Configured DefaultEndpointToHostAction" --jump ${action}`,
      ],
    ],
    ['cali-failsafe-in', failsafe(FAILSAFE_IN)],
    [
      'cali-OUTPUT',
      [
        `${ACCEPTED} --jump ACCEPT`,
        // Processes of the host may always connect to its own containers.
        '--out-interface cali+ --jump RETURN',
        clear(MARK.all),
        '--jump cali-to-host-endpoint',
        HOST_POLICY_ACCEPTED,
      ],
    ],
    ['cali-failsafe-out', failsafe(FAILSAFE_OUT)],
  ];
}

export function staticNatChains(): NamedChain[] {
  return [
    [ENTRIES.nat.PREROUTING ?? '', ['--jump cali-fip-dnat']],
    [ENTRIES.nat.POSTROUTING ?? '', ['--jump cali-fip-snat', '--jump cali-nat-outgoing']],
    [ENTRIES.nat.OUTPUT ?? '', ['--jump cali-fip-dnat']],
    // Floating addresses are for other orchestrators.
    ['cali-fip-dnat', []],
    ['cali-fip-snat', []],
  ];
}

export function staticMangleChains(): NamedChain[] {
  return [
    ['cali-failsafe-in', failsafe(FAILSAFE_IN)],
    [
      'cali-PREROUTING',
      [
        '-m conntrack --ctstate RELATED,ESTABLISHED --jump ACCEPT',
        `${ACCEPTED} --jump ACCEPT`,
        '--in-interface cali+ --jump ACCEPT',
        '--jump cali-from-host-endpoint',
        HOST_POLICY_ACCEPTED,
      ],
    ],
  ];
}

export function staticRawChains(version: 4 | 6): NamedChain[] {
  const fromWorkload = `-m mark --mark ${MARK.scratch}/${MARK.scratch}`;
  return [
    ['cali-failsafe-in', [...failsafe(FAILSAFE_IN), ...failsafe(FAILSAFE_OUT, '--source-ports')]],
    ['cali-failsafe-out', [...failsafe(FAILSAFE_OUT), ...failsafe(FAILSAFE_IN, '--source-ports')]],
    [
      'cali-PREROUTING',
      [
        clear(MARK.all),
        `--in-interface cali+ --jump MARK --set-mark ${MARK.scratch}/${MARK.scratch}`,
        // For IPv4 the interface's rp_filter does this.
        ...(version === 4 ? [] : [`${fromWorkload} -m rpfilter --invert --jump DROP`]),
        `-m mark --mark 0/${MARK.scratch} --jump cali-from-host-endpoint`,
        `${ACCEPTED} --jump ACCEPT`,
      ],
    ],
    ['cali-OUTPUT', [clear(MARK.all), '--jump cali-to-host-endpoint', `${ACCEPTED} --jump ACCEPT`]],
  ];
}

/** The dispatch chains of host endpoints in a table, which Felix has also without any host endpoint. */
export function hostEndpointChains(table: Table): NamedChain[] {
  const from: NamedChain = ['cali-from-host-endpoint', []];
  if (table === 'nat') return [];
  return table === 'mangle' ? [from] : [from, ['cali-to-host-endpoint', []]];
}

function failsafe(ports: readonly string[], side = '--destination-ports'): string[] {
  return ports.map((each) => {
    const [protocol, port] = each.split(':');
    return `-p ${protocol} -m multiport ${side} ${port} --jump ACCEPT`;
  });
}
