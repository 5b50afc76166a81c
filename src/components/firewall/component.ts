import {succeeds} from '../../engine/facts.js';
import {defineComponent} from '../component.js';
import {programCall} from './program.js';

/** What `hw5 firewall` left on a node. `up` and `plan` leave it alone: it is the user's; `down` takes it away, with everything else of hw5. */
export const firewall = defineComponent({
  name: 'firewall',
  title: 'firewall rules',
  // last in `up`, so first in `down`: nothing that is taken down is in the rules' way
  needs: ['framework'],
  targets: (cluster) => cluster.nodes,
  facts: () => ({
    // the legacy variant is asked only where the kernel has its tables: asking would make them
    isThere: succeeds(`[ -e /run/hw5-firewall ] || [ -e /etc/hw5/firewall ] && exit 0
for tool in iptables-nft ip6tables-nft iptables ip6tables; do
  command -v $tool-save >/dev/null && $tool-save 2>/dev/null | grep -q '^:HW5-' && exit 0
done
for tool in iptables ip6tables; do
  grep -q . /proc/net/\${tool%tables}_tables_names 2>/dev/null && $tool-legacy-save 2>/dev/null | grep -q '^:HW5-' && exit 0
done
exit 1`),
  }),
  plan: () => [],
  undo(state) {
    if (!state.isThere) return [];
    return [{kind: 'script', title: 'remove the rules of `hw5 firewall`', script: programCall('reset')}];
  },
});
