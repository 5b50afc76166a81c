// The program configurable-http-proxy as it runs on the nodes: the real one with all its options, plus two things a service needs.
import http from 'node:http';
import {refuseToWait} from './refuse-to-wait.js';

/** Milliseconds for a TCP connection to the notebook. On a LAN it takes under one; a lost first SYN is sent again after 1000. */
const CONNECT_LIMIT = 3000;

// The proxy logs an uncaught error and goes on, also when it could not listen. End, so that systemd sees it and starts it again.
process.on('uncaughtException', (error: NodeJS.ErrnoException) => {
  if (error.syscall !== 'listen') return;
  console.error(`cannot listen: ${error.message}`);
  process.exit(1);
});

// Its command line program is its last word on options, so it is started rather than imitated. It makes its agent while it loads.
void import('configurable-http-proxy/bin/configurable-http-proxy').then(() => refuseToWait(http.globalAgent, CONNECT_LIMIT));
