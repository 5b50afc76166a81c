import {quote} from '../host/command.js';
import type {Host} from '../host/host.js';

/** The program terminates after this time even if the connection that started it is lost. */
const SECONDS = 120;

const PROGRAM = `use IO::Socket::INET;
$| = 1;
alarm ${SECONDS};
my $listener = IO::Socket::INET->new(LocalAddr => $ARGV[0], LocalPort => $ARGV[1], Listen => 8, ReuseAddr => 1) or die "$!\\n";
print "ready\\n";
$SIG{PIPE} = "IGNORE";
for (;;) {
  my $client = $listener->accept or next;
  while (my $line = <$client>) { last if $line =~ /^\\s*$/ }
  print $client "HTTP/1.0 200 OK\\r\\nContent-Type: text/plain\\r\\n\\r\\nhw5 firewall probe\\n";
  close $client;
}`;

/** A program that answers HTTP on a node while its rules are proven; disposing of it terminates the program. */
export interface HttpResponder extends AsyncDisposable {
  /** Whether it listens: false when another process holds the port. */
  readonly isReady: boolean;
}

/**
 * Answers HTTP at a port where nothing listens, so that probes can show that HTTP passes. In Perl, which Debian and Ubuntu always have.
 * @param host as root
 */
export async function startHttpResponder(host: Host, address: string, port: number): Promise<HttpResponder> {
  const stop = new AbortController();
  let isReady = false;
  let ready: () => void = () => undefined;
  const started = new Promise<void>((resolve) => {
    ready = resolve;
  });
  const ended = host
    .exec(['sh', '-c', `exec perl -e ${quote(PROGRAM)} "$1" "$2"`, 'hw5-probe', address, String(port)], {
      signal: stop.signal,
      onStdout: () => {
        isReady = true;
        ready();
      },
    })
    .then(
      () => undefined,
      () => undefined,
    );
  await Promise.race([started, ended]);
  return {
    isReady,
    async [Symbol.asyncDispose]() {
      stop.abort();
      await ended;
    },
  };
}
