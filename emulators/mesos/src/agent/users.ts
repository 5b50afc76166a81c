import {readFileSync} from 'node:fs';

export interface User {
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
}

/** A user of this machine's /etc/passwd. */
export function findUser(name: string): User | undefined {
  return users().find((user) => user.name === name);
}

export function userName(uid: number): string {
  return users().find((user) => user.uid === uid)?.name ?? String(uid);
}

export function groupName(gid: number): string {
  const lines = readFileSync('/etc/group', 'utf8').split('\n');
  return lines.map((line) => line.split(':')).find((fields) => Number(fields[2]) === gid)?.[0] ?? String(gid);
}

function users(): User[] {
  const lines = readFileSync('/etc/passwd', 'utf8')
    .split('\n')
    .filter((line) => line.includes(':'));
  return lines.map((line) => {
    const fields = line.split(':');
    return {name: fields[0]!, uid: Number(fields[2]), gid: Number(fields[3])};
  });
}
