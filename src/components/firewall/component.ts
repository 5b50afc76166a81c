import {succeeds} from '../../engine/facts.js';
import {defineComponent} from '../component.js';
import {programCall} from './program.js';

/** The rules of `hw5 firewall`. They are the user's: `up` and `plan` do not change them; `down` removes them. */
export const firewall = defineComponent({
  name: 'firewall',
  title: 'firewall rules',
  // the last step of `up` is the first of `down`: nothing that is removed later can be affected by the rules
  needs: ['framework'],
  targets: (cluster) => cluster.nodes,
  facts: () => ({
    // iptables-legacy runs only where the kernel has its tables: running it would create them
    exists:
      succeeds(`for path in /run/hw5-firewall /etc/hw5/firewall /etc/systemd/system/hw5-firewall.service; do [ ! -e $path ] || exit 0; done
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
    if (!state.exists) return [];
    return [{kind: 'script', title: 'remove the rules of `hw5 firewall`', script: programCall('reset')}];
  },
});
