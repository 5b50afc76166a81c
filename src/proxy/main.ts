// The program configurable-http-proxy as it runs on the nodes: the upstream one with all its options, plus two changes for a service.
import http from 'node:http';
import {limitConnectTime} from './limit-connect-time.js';

/** The limit for a TCP connection to the notebook, in milliseconds. On a LAN it takes under 1; a lost first SYN is repeated after 1000. */
const CONNECT_LIMIT = 3000;

// The proxy logs an uncaught error and continues, even when it could not listen. Exit then, so that systemd starts it again.
process.on('uncaughtException', (error: NodeJS.ErrnoException) => {
  if (error.syscall !== 'listen') return;
  console.error(`cannot listen: ${error.message}`);
  process.exit(1);
});

// Importing the command line program runs it, with its own handling of options. It creates its agent while it is loaded.
void import('configurable-http-proxy/bin/configurable-http-proxy').then(() => limitConnectTime(http.globalAgent, CONNECT_LIMIT));
