# shellcheck shell=bash
# Run on a node. Exits with 0 if its proxy's API listens on loopback only and rejects requests without a token; else prints what is open.
listeners=$(ss -Hltn "sport = :{{apiPort}}" | awk '{print $4}')
[ -n "$listeners" ] || { echo "nothing listens on port {{apiPort}}"; exit 1; }
for listener in $listeners; do
  [ "$listener" = "127.0.0.1:{{apiPort}}" ] || { echo "the proxy's API listens on $listener"; exit 1; }
done
exec 3<>"/dev/tcp/127.0.0.1/{{apiPort}}"
printf 'GET /api/routes HTTP/1.0\r\n\r\n' >&3
read -r -t 5 _ status _ <&3
[ "$status" = 403 ] || { echo "the proxy's API answered ${status:-nothing} to a request without a token, not 403"; exit 1; }
