/** A program, not a library: importing it runs it. */
declare module 'configurable-http-proxy/bin/configurable-http-proxy' {}
