/** The usage of every command, by its words. Wrong usage prints it, and `--help` starts with it. */
export const USAGE: Readonly<Record<string, string>> = {
  '': `Usage:
  calicoctl [options] <command> [<args>...]`,
  create: `Usage:
  calicoctl create --filename=<FILENAME> [--skip-exists] [--config=<CONFIG>]`,
  replace: `Usage:
  calicoctl replace --filename=<FILENAME> [--config=<CONFIG>]`,
  apply: `Usage:
  calicoctl apply --filename=<FILENAME> [--config=<CONFIG>]`,
  delete: `Usage:
  calicoctl delete ([--scope=<SCOPE>] [--node=<NODE>] [--orchestrator=<ORCH>]
                    [--workload=<WORKLOAD>] (<KIND> [<NAME>]) |
                   --filename=<FILE>)
                   [--skip-not-exists] [--config=<CONFIG>]`,
  get: `Usage:
  calicoctl get ([--scope=<SCOPE>] [--node=<NODE>] [--orchestrator=<ORCH>]
                 [--workload=<WORKLOAD>] (<KIND> [<NAME>]) |
                --filename=<FILENAME>)
                [--output=<OUTPUT>] [--config=<CONFIG>]`,
  config: `Usage:
  calicoctl config set <NAME> <VALUE> [--node=<NODE>]
                                      [--raw=(bgp|felix)]
                                      [--config=<CONFIG>]
  calicoctl config unset <NAME> [--node=<NODE>]
                                [--raw=(bgp|felix)]
                                [--config=<CONFIG>]
  calicoctl config get <NAME> [--node=<NODE>]
                              [--raw=(bgp|felix)]
                              [--config=<CONFIG>]`,
  ipam: `Usage:
  calicoctl ipam <command> [<args>...]`,
  'ipam release': `Usage:
  calicoctl ipam release --ip=<IP> [--config=<CONFIG>]`,
  'ipam show': `Usage:
  calicoctl ipam show --ip=<IP> [--config=<CONFIG>]`,
  version: `Usage:
  calicoctl version [--config=<CONFIG>]`,
  node: `Usage:
  calicoctl node <command> [<args>...]`,
  'node run': `Usage:
  calicoctl node run [--ip=<IP>] [--ip6=<IP6>] [--as=<AS_NUM>]
                     [--name=<NAME>]
                     [--ip-autodetection-method=<IP_AUTODETECTION_METHOD>]
                     [--ip6-autodetection-method=<IP6_AUTODETECTION_METHOD>]
                     [--log-dir=<LOG_DIR>]
                     [--node-image=<DOCKER_IMAGE_NAME>]
                     [--backend=(bird|gobgp|none)]
                     [--config=<CONFIG>]
                     [--no-default-ippools]
                     [--dryrun]
                     [--init-system]
                     [--disable-docker-networking]
                     [--docker-networking-ifprefix=<IFPREFIX>]
                     [--use-docker-networking-container-labels]`,
  'node status': `Usage:
  calicoctl node status`,
  'node diags': `Usage:
  calicoctl node diags [--log-dir=<LOG_DIR>]`,
  'node checksystem': `Usage:
  calicoctl node checksystem`,
};
