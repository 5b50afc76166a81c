import {mkdtemp, rm} from 'node:fs/promises';
import {createServer} from 'node:net';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {describe, expect, it} from 'vitest';
import {parseProtocols, queryBird} from '../../src/bird/control.js';

/** Output of BIRD 1.6.8 on its control socket, on a machine of the lab. */
const PROTOCOLS = `2002-name     proto    table    state  since       info
1002-static1  Static   master   up     15:34:35
 kernel1  Kernel   master   up     15:34:35
 device1  Device   master   up     15:34:35
 direct1  Direct   master   up     15:34:35
 Mesh_198_18_0_44 BGP      master   start  15:35:44    Active        Socket: Connection refused
 Mesh_198_18_0_43 BGP      master   up     15:34:53    Established
0000
`.replace('0000\n', '0000 \n');

async function withBird(replies: Readonly<Record<string, string>>, use: (path: string) => Promise<void>): Promise<void> {
  const directory = await mkdtemp(join(tmpdir(), 'bird-'));
  const path = join(directory, 'bird.ctl');
  const server = createServer((socket) => {
    socket.write('0001 BIRD 1.6.8 ready.\n');
    socket.on('data', (chunk) => {
      const reply = replies[chunk.toString().trim()];
      if (reply === undefined) socket.end();
      else for (const part of [reply.slice(0, 20), reply.slice(20)]) socket.write(part);
    });
    socket.on('error', () => {});
  });
  await new Promise<void>((resolve) => server.listen(path, resolve));
  try {
    await use(path);
  } finally {
    server.close();
    await rm(directory, {recursive: true});
  }
}

describe('a query to BIRD', () => {
  it('returns all lines of its reply, however they are split into packets', async () => {
    await withBird(
      {'show protocols': PROTOCOLS, configure: '0002-Reading configuration from /x\n0003 Reconfigured\n'},
      async (path) => {
        expect((await queryBird(path, 'show protocols')).length).toBe(8);
        expect(await queryBird(path, 'configure')).toEqual(['0002-Reading configuration from /x', '0003 Reconfigured']);
      },
    );
  });

  it('fails when BIRD closes the connection or does not run', async () => {
    await withBird({}, async (path) => {
      await expect(queryBird(path, 'show status')).rejects.toThrow('BIRD closed its control socket');
      await expect(queryBird(`${path}.not`, 'show status')).rejects.toThrow('ENOENT');
    });
  });

  it('parses the protocols', () => {
    const protocols = parseProtocols(PROTOCOLS.trim().split('\n'));
    expect(protocols.map((protocol) => protocol.name)).toEqual([
      'static1',
      'kernel1',
      'device1',
      'direct1',
      'Mesh_198_18_0_44',
      'Mesh_198_18_0_43',
    ]);
    expect(protocols[4]).toEqual({
      name: 'Mesh_198_18_0_44',
      type: 'BGP',
      state: 'start',
      since: '15:35:44',
      info: 'Active Socket: Connection refused',
    });
  });
});
